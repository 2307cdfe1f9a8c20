import { isDeepStrictEqual } from 'node:util';
import { type Config, findVhost } from '../config/index.js';
import type { Clock } from '../kernel/index.js';
import type { FanoutGovernor } from './fanout-governor.js';
import { LiveStream } from './live-stream.js';
import type { ServerTags } from './metadata.js';
import { type StreamName, streamKey } from './stream-name.js';
import { streamSettings } from './stream-settings.js';

/** Hears what happens to streams: outputs attach themselves, statistics count. Called rarely, must not block. */
export interface StreamObserver {
  /** A publish began, the first of the stream or another one. The stream's `publication` is set. */
  published?(stream: LiveStream): void;
  /** The publisher left; the grace period begins. */
  unpublished?(stream: LiveStream): void;
  /** The grace period is over: the stream is not live any more. */
  ended?(stream: LiveStream): void;
}

/** All streams of the process, by vhost/app/stream. A stream exists while somebody publishes, watches or records it. */
export class StreamHub {
  readonly #streams = new Map<string, LiveStream>();
  readonly #observers = new Set<StreamObserver>();

  constructor(
    private readonly config: () => Config,
    private readonly clock: Clock,
    readonly governor: FanoutGovernor,
    private readonly serverTags: ServerTags,
  ) {}

  [Symbol.iterator](): IterableIterator<LiveStream> {
    return this.#streams.values();
  }

  get size(): number {
    return this.#streams.size;
  }

  get(key: string): LiveStream | undefined {
    return this.#streams.get(key);
  }

  /** @returns how to stop observing. */
  observe(observer: StreamObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  /** @throws when the vhost vanished meanwhile. */
  obtain(name: StreamName): LiveStream {
    const key = streamKey(name);
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      const vhost = findVhost(this.config(), name.vhost);
      if (vhost === undefined) throw new Error(`vhost ${name.vhost} is not configured`);
      stream = new LiveStream(name, streamSettings(vhost), {
        clock: this.clock,
        governor: this.governor,
        serverTags: this.serverTags,
        idle: (s) => this.#forget(s),
        published: (s) => this.#tell('published', s),
        unpublished: (s) => this.#tell('unpublished', s),
        ended: (s) => this.#tell('ended', s),
      });
      this.#streams.set(key, stream);
    }
    return stream;
  }

  /** A stream may become idle once more when another one has its name already: an output that lasts longer lets go of it. */
  #forget(stream: LiveStream): void {
    if (this.#streams.get(stream.key) === stream) this.#streams.delete(stream.key);
  }

  #tell(event: keyof StreamObserver, stream: LiveStream): void {
    for (const observer of this.#observers) observer[event]?.(stream);
  }

  /** Brings changed settings to running streams. @param before the configuration that was in force until now. */
  reconfigure(before: Config): void {
    for (const stream of this.#streams.values()) {
      const now = findVhost(this.config(), stream.name.vhost);
      const then = findVhost(before, stream.name.vhost);
      if (now === undefined || now.name !== stream.name.vhost) continue;
      const settings = streamSettings(now);
      if (then === undefined || !isDeepStrictEqual(settings, streamSettings(then))) stream.reconfigure(settings);
    }
  }

  /** Every open batch leaves now; used before a shutdown. */
  flush(): void {
    for (const stream of this.#streams.values()) stream.flush();
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
  }
}
