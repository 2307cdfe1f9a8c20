import { type Config, findVhost, type VhostConfig } from '../../config/index.js';
import { ms } from '../../core/index.js';
import type { Clock, Log, Timer } from '../../kernel/index.js';
import type { Deadlines } from '../../link/index.js';
import type { ClientFacts, LiveStream, RelayTrail, StreamHub } from '../../stream/index.js';
import { type Destination, resolveDestination } from './destination.js';
import { Forwarder, type ForwardStatus } from './forwarder.js';
import { leadsBack } from './loop.js';
import { trustedBy } from './trust.js';

const SAMPLE = ms(5000);

/** What forwards need from the server around them; wired in app/. */
export interface ForwardEnvironment {
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  readonly trail: RelayTrail;
  config(): Config;
  /** Who publishes a stream. */
  publisher(stream: LiveStream): ClientFacts | undefined;
}

/** By what tells destinations apart. */
type Forwarders = Map<string, Forwarder>;

/** The forwards of all live streams whose vhost has destinations (rtmp.md §11). */
export class ForwardOutputs {
  readonly #streams = new Map<LiveStream, Forwarders>();
  readonly #unobserve: () => void;
  readonly #sampler: Timer;

  constructor(private readonly env: ForwardEnvironment) {
    this.#unobserve = env.hub.observe({
      published: (stream) => this.#published(stream),
      ended: (stream) => void this.#end(stream),
    });
    this.#sampler = env.clock.every(SAMPLE, () => {
      for (const forwarder of this) forwarder.sample();
    });
  }

  *[Symbol.iterator](): Iterator<Forwarder> {
    for (const forwarders of this.#streams.values()) yield* forwarders.values();
  }

  /** State of the forwards of one stream, in the order of the configuration. */
  of(stream: LiveStream): readonly ForwardStatus[] {
    return [...(this.#streams.get(stream)?.values() ?? [])].map(({ status }) => status);
  }

  #published(stream: LiveStream): void {
    this.#sync(stream);
    for (const forwarder of this.#streams.get(stream)?.values() ?? []) forwarder.published();
  }

  /** Brings the forwards of a stream in line with the configuration; those that stay are not touched. */
  #sync(stream: LiveStream): void {
    const wanted = this.#wanted(stream);
    const now = this.#streams.get(stream) ?? new Map<string, Forwarder>();
    const next: Forwarders = new Map();
    for (const [key, destination] of wanted) next.set(key, now.get(key) ?? this.#forwarder(stream, destination));
    for (const [key, forwarder] of now) if (!next.has(key)) void forwarder.stop();
    if (next.size > 0) this.#streams.set(stream, next);
    else this.#streams.delete(stream);
  }

  #wanted({ name }: LiveStream): Map<string, Destination> {
    const vhost = findVhost(this.env.config(), name.vhost);
    const written = vhost === undefined || vhost.name !== name.vhost ? [] : destinationsOf(vhost);
    return new Map(
      written.map((text) => {
        const destination = resolveDestination(text, name);
        return [destination.url, destination];
      }),
    );
  }

  #forwarder(stream: LiveStream, destination: Destination): Forwarder {
    const { clock, log, deadlines, trail, config, publisher } = this.env;
    const vhost = (): VhostConfig | undefined => findVhost(config(), stream.name.vhost);
    return new Forwarder(stream, destination, {
      clock,
      log,
      deadlines,
      chunkSize: () => vhost()?.chunkSize ?? 60_000,
      trail: () => trail.onward(stream.key, publisher(stream)?.trail),
      leadsBack: (to) => leadsBack(to, stream.name, config()),
      tls: () => trustedBy(vhost()?.forward.caFile ?? ''),
    });
  }

  #end(stream: LiveStream): Promise<void>[] {
    const forwarders = [...(this.#streams.get(stream)?.values() ?? [])];
    this.#streams.delete(stream);
    return forwarders.map((forwarder) => forwarder.stop());
  }

  /** The configuration changed: live streams get new destinations and lose others. */
  reconfigure(live: Iterable<LiveStream>): void {
    for (const stream of live) if (stream.isLive) this.#sync(stream);
    for (const forwarder of this) forwarder.published();
  }

  /** Tells all destinations that the streams end. Resolves when their connections are gone. */
  async close(): Promise<void> {
    this.#unobserve();
    this.#sampler.cancel();
    await Promise.all([...this.#streams.keys()].flatMap((stream) => this.#end(stream)));
  }
}

/** What the operator wrote, in both forms. */
const destinationsOf = ({ forwardTo, forward }: VhostConfig): readonly string[] => [
  ...forwardTo,
  ...(forward.enabled ? forward.destination : []),
];
