import { findVhost, type VhostConfig } from '../../config/index.js';
import type { Log } from '../../kernel/index.js';
import type { LiveStream } from '../../stream/index.js';
import { BackendDestinations } from './backend.js';
import { type Destination, resolveDestination } from './destination.js';
import { Forwarder, type ForwarderEnvironment } from './forwarder.js';
import { leadsBack } from './loop.js';
import type { ForwardEnvironment } from './ports.js';
import { isPublic } from './private-addresses.js';
import { trustedBy } from './trust.js';

/** The forwards of one live stream: those of the configuration, of its backend, and of the operator. */
export class StreamForwards {
  /** By what tells destinations apart, in the order of their sources. */
  #forwarders = new Map<string, Forwarder>();
  readonly #backend: BackendDestinations;
  readonly #added: string[] = [];
  /** What the operator took out, until the stream ends. */
  readonly #removed = new Set<string>();
  readonly #log: Log;

  constructor(
    readonly stream: LiveStream,
    private readonly env: ForwardEnvironment,
    private readonly takenBy: ForwarderEnvironment['takenBy'],
  ) {
    this.#log = env.log.child({ stream: stream.key });
    this.#backend = new BackendDestinations({
      clock: env.clock,
      log: this.#log,
      ask: (url, signal) => env.askBackend(url, stream, signal),
      changed: () => this.#sync(),
    });
  }

  get forwarders(): Iterable<Forwarder> {
    return this.#forwarders.values();
  }

  published(): void {
    this.#backend.published(this.#backendUrl);
    this.#sync();
  }

  unpublished(): void {
    this.#backend.stop();
  }

  reconfigure(): void {
    if (this.stream.publication !== undefined) this.#backend.reconfigure(this.#backendUrl);
    this.#sync();
  }

  /** @param written as in the configuration. @returns the forward to that destination, new or not. */
  add(written: string): Forwarder | undefined {
    this.#removed.delete(resolveDestination(written, this.stream.name).url);
    if (!this.#added.includes(written)) this.#added.push(written);
    this.#sync();
    return this.#forwarders.get(resolveDestination(written, this.stream.name).url);
  }

  remove(forwarder: Forwarder): void {
    this.#removed.add(forwarder.destination.url);
    this.#sync();
  }

  /** Brings the forwards in line with what is wanted; those that stay are not touched. */
  #sync(): void {
    const now = this.#forwarders;
    const next = new Map<string, Forwarder>();
    const kept = (url: string, isDynamic: boolean): Forwarder | undefined => {
      const known = now.get(url);
      return known?.destination.isDynamic === isDynamic ? known : undefined;
    };
    for (const destination of this.#wanted()) {
      const { url, isDynamic } = destination;
      if (this.#removed.has(url) || next.has(url)) continue;
      next.set(url, kept(url, isDynamic) ?? new Forwarder(this.stream, destination, this.#environment()));
    }
    this.#forwarders = next;
    for (const [url, forwarder] of now) if (next.get(url) !== forwarder) void forwarder.stop();
    for (const forwarder of next.values()) forwarder.published();
  }

  #wanted(): readonly Destination[] {
    const vhost = this.#vhost;
    if (vhost === undefined) return [];
    const { forwardTo, forward } = vhost;
    const { name } = this.stream;
    return [
      ...[...forwardTo, ...(forward.enabled ? forward.destination : [])].map((text) => resolveDestination(text, name)),
      ...[...this.#backend.written, ...this.#added].map((text) => resolveDestination(text, name, true)),
    ];
  }

  /** Undefined when the vhost is not served any more. */
  get #vhost(): VhostConfig | undefined {
    const { vhost } = this.stream.name;
    const found = findVhost(this.env.config(), vhost);
    return found?.name === vhost ? found : undefined;
  }

  get #backendUrl(): string {
    const forward = this.#vhost?.forward;
    return forward?.enabled === true ? forward.backend : '';
  }

  #environment(): ForwarderEnvironment {
    const { stream, env } = this;
    const { clock, deadlines, trail, config, publisher } = env;
    return {
      clock,
      log: this.#log,
      deadlines,
      chunkSize: () => this.#vhost?.chunkSize ?? 60_000,
      trail: () => trail.onward(stream.key, publisher(stream)?.trail),
      leadsBack: (to) => leadsBack(to, stream.name, config()),
      takenBy: this.takenBy,
      mayConnect: ({ isDynamic }) =>
        isDynamic && this.#vhost?.forward.dynamicDestinations === 'public' ? isPublic : undefined,
      tls: () => trustedBy(this.#vhost?.forward.caFile ?? ''),
    };
  }

  /** The stream has ended. Resolves when all connections are gone. */
  async stop(): Promise<void> {
    this.#backend.stop();
    const forwarders = [...this.#forwarders.values()];
    this.#forwarders.clear();
    await Promise.all(forwarders.map((forwarder) => forwarder.stop()));
  }
}
