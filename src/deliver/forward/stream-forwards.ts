import { findVhost, type VhostConfig } from '../../config/index.js';
import { ms } from '../../core/index.js';
import type { Log } from '../../kernel/index.js';
import {
  type Destination,
  leadsBack,
  type PushEnvironment,
  PushTask,
  resolveDestination,
  upstreamIdentity,
} from '../../relay/index.js';
import type { LiveStream } from '../../stream/index.js';
import { BackendDestinations } from './backend.js';
import type { ForwardEnvironment } from './ports.js';
import { isPublic } from './private-addresses.js';
import { trustedBy } from './trust.js';

/** Fifty dead destinations make about a hundred attempts a minute. */
const RETRY = { first: ms(1000), cap: ms(30_000) } as const;
/** Each step of a connection may take so long. */
const TIMEOUT = ms(5000);

/** The forwards of one live stream: those of the configuration, of its backend, and of the operator. */
export class StreamForwards {
  /** By what tells destinations apart, in the order of their sources. */
  #forwarders = new Map<string, PushTask>();
  readonly #backend: BackendDestinations;
  readonly #added: string[] = [];
  /** What the operator took out, until the stream ends. */
  readonly #removed = new Set<string>();
  readonly #log: Log;

  constructor(
    readonly stream: LiveStream,
    private readonly env: ForwardEnvironment,
    private readonly takenBy: PushEnvironment['takenBy'],
  ) {
    this.#log = env.log.child({ stream: stream.key });
    this.#backend = new BackendDestinations({
      clock: env.clock,
      log: this.#log,
      ask: (url, signal) => env.askBackend(url, stream, signal),
      changed: () => this.#sync(),
    });
  }

  get forwarders(): Iterable<PushTask> {
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
  add(written: string): PushTask | undefined {
    this.#removed.delete(resolveDestination(written, this.stream.name).url);
    if (!this.#added.includes(written)) this.#added.push(written);
    this.#sync();
    return this.#forwarders.get(resolveDestination(written, this.stream.name).url);
  }

  remove(forwarder: PushTask): void {
    this.#removed.add(forwarder.destination.url);
    this.#sync();
  }

  /** Brings the forwards in line with what is wanted; those that stay are not touched. */
  #sync(): void {
    const now = this.#forwarders;
    const next = new Map<string, PushTask>();
    const kept = (url: string, isDynamic: boolean): PushTask | undefined => {
      const known = now.get(url);
      return known?.destination.isDynamic === isDynamic ? known : undefined;
    };
    for (const destination of this.#wanted()) {
      const { url, isDynamic } = destination;
      if (this.#removed.has(url) || next.has(url)) continue;
      next.set(url, kept(url, isDynamic) ?? new PushTask(this.stream, () => [destination], this.#environment()));
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

  #environment(): PushEnvironment {
    const { stream, env } = this;
    const { clock, deadlines, trail, config, publisher } = env;
    return {
      what: 'forward',
      retry: RETRY,
      timeout: TIMEOUT,
      clock,
      log: this.#log,
      deadlines,
      chunkSize: () => this.#vhost?.chunkSize ?? 60_000,
      trail: () => trail.onward(stream.key, publisher(stream)?.trail),
      identity: () =>
        this.#vhost?.cluster.debugSrsUpnode === false ? undefined : upstreamIdentity(publisher(stream)?.id ?? ''),
      leadsBack: (to) => leadsBack(to, stream.name, config()),
      ...(this.takenBy !== undefined && { takenBy: this.takenBy }),
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
