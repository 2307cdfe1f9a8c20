import { isDeepStrictEqual } from 'node:util';
import { ms } from '../../core/index.js';
import type { Timer } from '../../kernel/index.js';
import type { LiveStream, OutputsInUse } from '../../stream/index.js';
import { EngineProgram, type EngineState, type WantedEngine } from './engine-program.js';
import type { TranscodeEnvironment } from './ports.js';
import { SourceCodecs } from './source-codecs.js';

/**
 * A publisher that is back within this time finds its engines still running: viewers of the results see no more than
 * the gap itself. Longer, and servers that take the result would close a connection on which nothing comes.
 */
const LINGER = ms(3000);

/** The engines of one published stream. */
export class StreamTranscodes {
  readonly #engines = new Map<string, EngineProgram>();
  readonly #codecs: SourceCodecs;
  #linger: Timer | undefined;

  constructor(
    readonly stream: LiveStream,
    private readonly env: TranscodeEnvironment,
    private readonly inUse: OutputsInUse,
    /** What is left of engines that ran for a stream of this name before. */
    private readonly former: Promise<unknown>,
  ) {
    this.#codecs = new SourceCodecs(() => {
      for (const engine of this.#engines.values()) engine.restart('the publisher came back with other codecs');
    });
    stream.addConsumer(this.#codecs);
  }

  get states(): EngineState[] {
    return [...this.#engines.values()].map(({ state }) => state);
  }

  *[Symbol.iterator](): IterableIterator<EngineProgram> {
    yield* this.#engines.values();
  }

  /** Starts what is wanted and does not run, ends what runs and is not wanted any more; the rest is not touched. */
  sync(wanted: readonly WantedEngine[]): void {
    const byName = new Map(wanted.map((one) => [`${one.scope} ${one.engine.name}`, one]));
    const ends: Promise<void>[] = [];
    for (const [name, engine] of this.#engines) {
      if (isDeepStrictEqual(engine.wanted, byName.get(name))) continue;
      this.#engines.delete(name);
      ends.push(engine.end());
    }
    const former = Promise.all([this.former, ...ends]);
    for (const [name, one] of byName) {
      if (this.#engines.has(name)) continue;
      this.#engines.set(name, new EngineProgram(one, this.stream, this.env, this.inUse, former));
    }
  }

  /** @param over called when the publisher did not come back in time. */
  unpublished(over: () => void): void {
    this.#linger = this.env.clock.after(LINGER, over);
  }

  republished(): void {
    this.#linger?.cancel();
    for (const engine of this.#engines.values()) engine.republished();
  }

  /** Resolves when every ffmpeg is gone. */
  async end(): Promise<void> {
    this.#linger?.cancel();
    this.stream.removeConsumer(this.#codecs);
    await Promise.all([...this.#engines.values()].map((engine) => engine.end()));
  }
}
