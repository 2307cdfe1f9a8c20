import { isDeepStrictEqual } from 'node:util';
import type { Service } from '../../kernel/index.js';
import type { FfmpegEnvironment, OutputsInUse, Passes, StreamHub } from '../../stream/index.js';
import { IngestProgram, type IngestState, type IsTaken } from './ingest-program.js';
import { wantedIngests } from './wanted-ingests.js';

/** Whether another client than an ingest publishes a stream. */
export const isTaken =
  (hub: StreamHub, passes: Passes): IsTaken =>
  (streamKey) => {
    const owner = hub.get(streamKey)?.publication?.owner;
    return owner !== undefined && passes.publisherKind(owner.id) !== 'ingest';
  };

/** Runs ffmpeg for every engine of every `ingest` block, as long as the server runs (spec/media.md §2). */
export class Ingests implements Service {
  readonly #programs = new Map<string, IngestProgram>();
  /** Programs that are on their way out. */
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #inUse: OutputsInUse = new Map();
  readonly #isTaken: IsTaken;
  #unobserve: () => void = () => undefined;
  #open = false;

  constructor(
    private readonly hub: StreamHub,
    private readonly env: FfmpegEnvironment,
  ) {
    this.#isTaken = isTaken(hub, env.passes);
  }

  /** Due when the server listens. */
  async start(): Promise<void> {
    this.#open = true;
    this.#unobserve = this.hub.observe({
      unpublished: ({ key }) => {
        for (const program of this.#programs.values()) program.freed(key);
      },
    });
    this.reconfigure();
  }

  /** How they do, in the order of the file. */
  get states(): readonly IngestState[] {
    return [...this.#programs.values()].map(({ state }) => state);
  }

  /** Those that publish, and how many bytes each has written since its ffmpeg was started. */
  get sums(): Iterable<{ readonly bytesIn: number; readonly bytesOut: 0; readonly drops: 0 }> {
    return this.states
      .filter(({ phase }) => phase === 'running')
      .map(({ progress }) => ({ bytesIn: progress?.bytes ?? 0, bytesOut: 0, drops: 0 }));
  }

  /** Ends what is not wanted any more, starts what is wanted and does not run; the rest is not touched. */
  reconfigure(): void {
    if (!this.#open) return;
    const wanted = wantedIngests(this.env.config());
    for (const [key, program] of this.#programs)
      if (!isDeepStrictEqual(program.wanted, wanted.get(key))) this.#end(key, program);
    // An output may go from one to another, so whoever begins waits for all that end.
    const former = Promise.all(this.#leaving.values());
    const before = new Map(this.#programs);
    this.#programs.clear();
    for (const [key, one] of wanted)
      this.#programs.set(key, before.get(key) ?? new IngestProgram(one, this.env, this.#inUse, this.#isTaken, former));
  }

  /** Resolves when every ffmpeg is gone. */
  async stop(): Promise<void> {
    this.#open = false;
    this.#unobserve();
    for (const [key, program] of this.#programs) this.#end(key, program);
    await Promise.all(this.#leaving.values());
  }

  #end(key: string, program: IngestProgram): void {
    this.#programs.delete(key);
    const gone = Promise.all([this.#leaving.get(key), program.end()]).then(() => {
      if (this.#leaving.get(key) === gone) this.#leaving.delete(key);
    });
    this.#leaving.set(key, gone);
  }
}
