import { ms } from '../../core/index.js';
import type { Clock, Service, Timer } from '../../kernel/index.js';
import type { Client, ClientRegistry } from '../client-registry.js';
import type { LiveStream } from '../live-stream.js';
import type { StreamHub } from '../stream-hub.js';
import type { StreamName } from '../stream-name.js';
import type { Viewer } from '../viewer.js';
import type { AudioStatistics, VideoStatistics } from './media-meter.js';
import { Totals, type Traffic } from './totals.js';

const SAMPLE = ms(2500);

export interface ServerStatistics extends Traffic {
  /** With a publisher. */
  readonly streams: number;
  /** Wall clock of the start, ms. */
  readonly since: number;
}

export interface VhostStatistics extends Traffic {
  readonly name: string;
  readonly streams: number;
}

export interface StreamStatistics extends Traffic {
  /** `vhost/app/stream` */
  readonly key: string;
  readonly name: StreamName;
  /** Pictures so far. */
  readonly frames: number;
  /** Undefined while nobody publishes. */
  readonly publisher: PublisherStatistics | undefined;
  readonly video: VideoStatistics | undefined;
  readonly audio: AudioStatistics | undefined;
}

export interface PublisherStatistics {
  /** Of the client; what feeds a stream without being one has an id of its own. */
  readonly id: string;
  readonly ip: string;
  /** Wall clock of the publish, ms. */
  readonly since: number;
}

/** What of a client has been added up, and where the rest goes. */
interface Account {
  bytesIn: number;
  bytesOut: number;
  drops: number;
  viewer: Viewer | undefined;
  publishes: boolean;
  vhost: Totals;
  stream: Totals | undefined;
}

/**
 * The numbers of the server, its vhosts and its streams. Clients count their own bytes; here they are added up every
 * few seconds, when a client moves or leaves, and when somebody asks. So a frame costs nothing, and no total ever drops.
 */
export class Statistics implements Service {
  readonly #server: Totals;
  readonly #vhosts = new Map<string, Totals>();
  readonly #streams = new Map<string, Totals>();
  readonly #accounts = new Map<Client, Account>();
  readonly #since: number;
  readonly #unobserve: (() => void)[];
  #timer: Timer | undefined;

  constructor(
    private readonly hub: StreamHub,
    private readonly clients: ClientRegistry,
    private readonly clock: Clock,
  ) {
    this.#since = clock.wall();
    this.#server = new Totals(clock.now());
    this.#unobserve = [
      clients.observe({
        joined: (client) => this.#joined(client),
        moved: (client) => this.#moved(client),
        left: (client) => this.#left(client),
      }),
      hub.observe({ published: (stream) => void this.#totals(this.#streams, stream.key) }),
    ];
  }

  async start(): Promise<void> {
    this.#timer = this.clock.every(SAMPLE, () => this.#sample());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    for (const stop of this.#unobserve) stop();
  }

  // ---- asking

  get server(): ServerStatistics {
    this.#settleAll();
    let streams = 0;
    for (const stream of this.hub) if (stream.publication !== undefined) streams++;
    return { ...this.#server.traffic(this.clock.now()), streams, since: this.#since };
  }

  /** @param names of vhost blocks; one that nobody used yet has zeros. */
  vhosts(names: Iterable<string>): VhostStatistics[] {
    this.#settleAll();
    const streams = new Map<string, number>();
    for (const { publication, name } of this.hub)
      if (publication !== undefined) streams.set(name.vhost, (streams.get(name.vhost) ?? 0) + 1);
    return Array.from(names, (name) => ({
      name,
      ...this.#totals(this.#vhosts, name).traffic(this.clock.now()),
      streams: streams.get(name) ?? 0,
    }));
  }

  /** Streams that somebody publishes, watches or may come back to, in the order in which they came. */
  streams(start = 0, count = Number.POSITIVE_INFINITY): StreamStatistics[] {
    this.#settleAll();
    const list: StreamStatistics[] = [];
    let at = 0;
    for (const stream of this.hub) {
      if (at++ < start) continue;
      if (list.length >= count) break;
      list.push(this.#describe(stream));
    }
    return list;
  }

  /** @param key `vhost/app/stream` */
  stream(key: string): StreamStatistics | undefined {
    const stream = this.hub.get(key);
    if (stream === undefined) return undefined;
    this.#settleAll();
    return this.#describe(stream);
  }

  #describe(stream: LiveStream): StreamStatistics {
    const { key, name, meter, publication } = stream;
    const live = publication !== undefined;
    return {
      ...this.#totals(this.#streams, key).traffic(this.clock.now()),
      key,
      name,
      frames: meter.frames,
      publisher: live
        ? {
            id: publication.owner.id,
            ip: this.clients.get(publication.owner.id)?.facts.ip ?? '',
            since: publication.since,
          }
        : undefined,
      video: live ? meter.video : undefined,
      audio: live ? meter.audio : undefined,
    };
  }

  // ---- adding up

  #totals(all: Map<string, Totals>, key: string): Totals {
    let totals = all.get(key);
    if (totals === undefined) {
      totals = new Totals(this.clock.now());
      all.set(key, totals);
    }
    return totals;
  }

  #joined(client: Client): void {
    const account: Account = {
      bytesIn: 0,
      bytesOut: 0,
      drops: 0,
      viewer: undefined,
      publishes: false,
      vhost: this.#totals(this.#vhosts, client.facts.vhost),
      stream: undefined,
    };
    this.#accounts.set(client, account);
    this.#server.clients++;
    this.#enter(client, account);
  }

  #enter(client: Client, account: Account): void {
    const { streamKey } = client;
    account.vhost = this.#totals(this.#vhosts, client.facts.vhost);
    account.stream = streamKey === undefined ? undefined : this.#totals(this.#streams, streamKey);
    account.viewer = client.viewer;
    account.drops = 0;
    account.publishes = client.type.endsWith('-publish');
    account.vhost.clients++;
    if (account.stream !== undefined) account.stream.clients++;
    this.#countPublisher(account, 1);
  }

  #leave(client: Client, account: Account): void {
    this.#settle(client, account);
    account.vhost.clients--;
    if (account.stream !== undefined) account.stream.clients--;
    this.#countPublisher(account, -1);
  }

  #countPublisher({ publishes, vhost, stream }: Account, step: 1 | -1): void {
    if (!publishes) return;
    this.#server.publishers += step;
    vhost.publishers += step;
    if (stream !== undefined) stream.publishers += step;
  }

  #moved(client: Client): void {
    const account = this.#accounts.get(client);
    if (account === undefined) return;
    this.#leave(client, account);
    this.#enter(client, account);
  }

  #left(client: Client): void {
    const account = this.#accounts.get(client);
    if (account === undefined) return;
    this.#leave(client, account);
    this.#accounts.delete(client);
    this.#server.clients--;
  }

  #settle(client: Client, account: Account): void {
    const { bytesIn, bytesOut } = client;
    const drops = account.viewer?.drops ?? 0;
    const moreIn = bytesIn - account.bytesIn;
    const moreOut = bytesOut - account.bytesOut;
    const moreDrops = drops - account.drops;
    this.#server.add(moreIn, moreOut, moreDrops);
    account.vhost.add(moreIn, moreOut, moreDrops);
    account.stream?.add(moreIn, moreOut, moreDrops);
    account.bytesIn = bytesIn;
    account.bytesOut = bytesOut;
    account.drops = drops;
  }

  #settleAll(): void {
    for (const [client, account] of this.#accounts) this.#settle(client, account);
  }

  #sample(): void {
    this.#settleAll();
    const now = this.clock.now();
    this.#server.sample(now);
    for (const totals of this.#vhosts.values()) totals.sample(now);
    for (const [key, totals] of this.#streams) {
      // Nobody is left, and whoever comes under this name later is another stream (reliability R7).
      if (totals.clients === 0 && this.hub.get(key) === undefined) this.#streams.delete(key);
      else totals.sample(now);
    }
  }
}
