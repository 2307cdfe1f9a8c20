import { engineFault } from './engine-fault.js';
import { fillIngestOutput, unknownVariable } from './ingest-output.js';
import type { Problems } from './problems.js';
import type { Reading } from './read-scope.js';
import type { EngineConfig } from './tables/engine.js';
import type { IngestConfig } from './tables/ingest.js';
import type { Config } from './tables/root.js';
import { type Position, printPosition, show } from './tree.js';

/**
 * Ingests that cannot run are an error of the file: nobody is there at run time to notice. (1.0 dropped all ingests of
 * the server for one bad one, spec/media.md §2.)
 */
export function checkIngests(config: Config, reading: Reading, whole: Position, problems: Problems): void {
  const check = new IngestCheck(config, whole, problems);
  for (const vhost of config.vhosts.values()) {
    const inVhost = reading.named.get('/vhosts')?.get(vhost.name);
    for (const ingest of vhost.ingests.values())
      if (ingest.enabled) check.ingest(ingest, vhost.name, inVhost?.named.get('/ingests')?.get(ingest.name));
  }
}

type Place = (path: string) => Position;

class IngestCheck {
  /** Filled output → where it is written. */
  readonly #outputs = new Map<string, Position>();

  constructor(
    private readonly config: Config,
    private readonly whole: Position,
    private readonly problems: Problems,
  ) {}

  ingest({ name, input, ffmpeg, engines }: IngestConfig, vhost: string, reading: Reading | undefined): void {
    const at: Place = (path) => this.#at(reading, path) ?? this.#at(reading, '/enabled') ?? this.whole;
    const which = `ingest ${show(name)}`;
    if (input.url === '') this.problems.error(at('/input/url'), `${which} needs a url in its input { … }`);
    if (ffmpeg === '') this.problems.error(at('/ffmpeg'), `${which} needs an ffmpeg: a path, or a name in PATH`);
    if (engines.size === 0) this.problems.error(at('/enabled'), `${which} needs an engine { … } with an output`);
    for (const engine of engines.values()) {
      const inEngine = reading?.named.get('/engines')?.get(engine.name);
      const atEngine: Place = (path) => this.#at(inEngine, path) ?? this.#at(inEngine, '/enabled') ?? at('/enabled');
      this.#engine(engine, vhost, `engine ${show(engine.name)}`.trimEnd(), atEngine);
    }
  }

  #engine(engine: EngineConfig, vhost: string, which: string, at: Place): void {
    const { enabled, vcodec, acodec, output } = engine;
    const fault = enabled ? engineFault(engine) : undefined;
    if (fault !== undefined) this.problems.error(at(fault.path), which + fault.text);
    else if (output === '') this.problems.error(at('/output'), `${which} needs an output, also where it is off`);
    else this.#output(output, vhost, at('/output'));
    if (enabled && (vcodec === '') !== (acodec === ''))
      this.problems.warn(
        at(vcodec === '' ? '/acodec' : '/vcodec'),
        `${which} has no ${vcodec === '' ? 'vcodec' : 'acodec'}, so audio and video are copied as they come`,
      );
  }

  #output(output: string, vhost: string, at: Position): void {
    const variable = unknownVariable(output);
    if (variable !== undefined)
      return this.problems.error(at, `output of an ingest: ${variable} stands for nothing, [vhost] and [port] do`);
    const filled = fillIngestOutput(output, vhost, this.config);
    const first = this.#outputs.get(filled);
    if (first === undefined) this.#outputs.set(filled, at);
    else this.problems.error(at, `the output is used already, at ${printPosition(first)}`);
  }

  #at(reading: Reading | undefined, path: string): Position | undefined {
    return reading?.found.get(path)?.directive.at;
  }
}
