import { type Config, findVhost } from '../config/index.js';
import type { Clock } from '../kernel/index.js';
import type { FanoutGovernor } from './fanout-governor.js';
import { LiveStream, type StreamName, streamKey } from './live-stream.js';
import type { ServerTags } from './metadata.js';
import { streamSettings } from './stream-settings.js';

/** All streams of the process, by vhost/app/stream. A stream exists while somebody publishes, watches or records it. */
export class StreamHub {
  readonly #streams = new Map<string, LiveStream>();

  constructor(
    private readonly config: () => Config,
    private readonly clock: Clock,
    readonly governor: FanoutGovernor,
    private readonly serverTags: ServerTags,
  ) {}

  [Symbol.iterator](): IterableIterator<LiveStream> {
    return this.#streams.values();
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
        idle: (s) => this.#streams.delete(s.key),
      });
      this.#streams.set(key, stream);
    }
    return stream;
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
