import { findVhost } from '../../config/index.js';
import type { Service } from '../../kernel/index.js';
import type { LiveStream, OutputsInUse, StreamHub } from '../../stream/index.js';
import type { EngineState, WantedEngine } from './engine-program.js';
import type { TranscodeEnvironment } from './ports.js';
import { StreamTranscodes } from './stream-transcodes.js';

/** Runs ffmpeg for every published stream that a `transcode` block matches. */
export class TranscodeOutputs implements Service {
  readonly #streams = new Map<string, StreamTranscodes>();
  /** Engines of streams that are over, on their way out. */
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #inUse: OutputsInUse = new Map();
  #unobserve: () => void = () => undefined;

  constructor(
    private readonly hub: StreamHub,
    private readonly env: TranscodeEnvironment,
  ) {}

  async start(): Promise<void> {
    this.#unobserve = this.hub.observe({
      published: (stream) => this.#published(stream),
      unpublished: (stream) => this.#of(stream)?.unpublished(() => this.#drop(stream)),
      ended: (stream) => this.#drop(stream),
    });
  }

  /** The engines of a stream (`vhost/app/stream`), for statistics. */
  states(streamKey: string): readonly EngineState[] {
    return this.#streams.get(streamKey)?.states ?? [];
  }

  /** The configuration changed: engines whose block did are started, ended or started anew. */
  reconfigure(): void {
    for (const stream of this.hub) if (stream.publication !== undefined) this.#sync(stream);
  }

  async stop(): Promise<void> {
    this.#unobserve();
    for (const { stream } of [...this.#streams.values()]) this.#drop(stream);
    await Promise.all(this.#leaving.values());
  }

  #of(stream: LiveStream): StreamTranscodes | undefined {
    const known = this.#streams.get(stream.key);
    return known?.stream === stream ? known : undefined;
  }

  #published(stream: LiveStream): void {
    const known = this.#of(stream);
    this.#sync(stream);
    if (known !== undefined) known.republished();
  }

  #sync(stream: LiveStream): void {
    const wanted = this.#wanted(stream);
    const known = this.#of(stream);
    if (wanted.length === 0) return known && this.#drop(stream);
    if (known === undefined) {
      const result = this.#resultOf(stream);
      if (result !== undefined)
        return this.env.log.info({ stream: stream.key, result }, 'not transcoded: it is a result of transcoding');
    }
    const transcodes = known ?? this.#add(stream);
    transcodes.sync(wanted);
  }

  #add(stream: LiveStream): StreamTranscodes {
    this.#drop(stream);
    const former = this.#leaving.get(stream.key) ?? Promise.resolve();
    const transcodes = new StreamTranscodes(stream, this.env, this.#inUse, former);
    this.#streams.set(stream.key, transcodes);
    return transcodes;
  }

  #drop({ key }: LiveStream): void {
    const transcodes = this.#streams.get(key);
    if (transcodes === undefined) return;
    this.#streams.delete(key);
    const gone = Promise.all([this.#leaving.get(key), transcodes.end()]).then(() => {
      if (this.#leaving.get(key) === gone) this.#leaving.delete(key);
    });
    this.#leaving.set(key, gone);
  }

  /** Every enabled engine of every block whose scope matches. */
  #wanted({ name }: LiveStream): WantedEngine[] {
    const { vhost, app, stream } = name;
    const blocks = findVhost(this.env.config(), vhost)?.transcodes ?? new Map();
    return ['', app, `${app}/${stream}`].flatMap((scope) => {
      const block = blocks.get(scope);
      if (block === undefined || !block.enabled || block.ffmpeg === '') return [];
      const { ffmpeg, stallTimeout } = block;
      const engines = [...block.engines.values()].filter(({ enabled }) => enabled);
      return engines.map((engine) => ({ scope, ffmpeg, stallTimeout, engine }));
    });
  }

  /** A result is not transcoded again, or it would never end: `_hd`, `_hd_hd`, `_hd_hd_hd` … */
  #resultOf(stream: LiveStream): string | undefined {
    if (this.env.passes.publisherKind(stream.publication?.owner.id ?? '') === 'transcode')
      return 'published by an engine';
    // It may come back over another address of this server, which has no pass.
    for (const source of this.#streams.values())
      for (const engine of source)
        if (engine.outputKey === stream.key && source.stream !== stream) return `output of ${source.stream.key}`;
    return undefined;
  }
}
