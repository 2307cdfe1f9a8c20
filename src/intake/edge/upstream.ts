import { randomBytes } from 'node:crypto';
import type { Ms } from '../../core/index.js';
import { type Cause, RefusedError, SrsError } from '../../kernel/index.js';
import { type ClientOptions, type ReceivedMedia, RtmpClient, type RtmpLink } from '../../link/index.js';
import { bringsFrame } from '../../protocol/flv/index.js';
import { type Destination, upstreamIdentity } from '../../relay/index.js';
import {
  type Client,
  type ClientFacts,
  type LiveStream,
  type Publication,
  type PublishOwner,
  type StreamName,
  streamKey,
} from '../../stream/index.js';
import type { EdgeEnvironment } from './ports.js';

/** Data messages that a server sends to each of its players: of the connection, not of the stream. */
const OF_CONNECTION: ReadonlySet<string> = new Set(['|RtmpSampleAccess', 'onStatus']);
/** Metadata and codec configurations that may come before the first frame. */
const MAX_HELD = 64;

export interface UpstreamOptions {
  readonly signal: AbortSignal;
  /** For each step of the connection. */
  readonly timeout: Ms;
  /** How long the first frame may take. */
  readonly patience: Ms;
  /** The way of the stream on from here (RelayTrail). */
  readonly trail: string;
  readonly isNamed: boolean;
  readonly chunkSize: number;
  /** An upstream that falls silent is closed after this time. */
  silence(): Ms;
  /** The first frame has come, and the stream is live here. */
  live(): void;
  /** The connection is gone; not called when `open` fails, nor after `end`. */
  lost(why: Error): void;
}

/**
 * One connection to an origin that plays a stream there and publishes it here, from the first frame on. To the rest of
 * the server it is a publisher like any other.
 */
export class Upstream implements Client, PublishOwner {
  readonly id = randomBytes(6).toString('hex');
  readonly type = 'edge-publish';
  readonly viewer = undefined;
  readonly since: number;
  /** Known once it is open; before that nobody sees it. */
  #facts: ClientFacts | undefined;
  #client: RtmpClient | undefined;
  #publication: Publication | undefined;
  /** Of a stream that is not live yet. */
  #held: ReceivedMedia[] = [];
  #said = '';
  #isOpen = false;
  #over = false;

  private constructor(
    private readonly name: StreamName,
    private readonly origin: Destination,
    private readonly env: EdgeEnvironment,
    private readonly options: UpstreamOptions,
  ) {
    this.since = env.clock.wall();
  }

  /** Connects, and asks for the stream; that may be live or not. @throws {SrsError} */
  static async open(
    name: StreamName,
    origin: Destination,
    env: EdgeEnvironment,
    options: UpstreamOptions,
  ): Promise<Upstream> {
    const upstream = new Upstream(name, origin, env, options);
    await upstream.#open();
    return upstream;
  }

  async #open(): Promise<void> {
    const { origin, env, options } = this;
    const { signal, timeout, patience, trail, isNamed, chunkSize } = options;
    const wanted: ClientOptions = {
      signal,
      timeout,
      chunkSize,
      deadlines: env.deadlines,
      properties: { srs_trail: trail, ...(origin.tcUrl !== undefined && { tcUrl: origin.tcUrl }) },
      ...(isNamed && { identity: upstreamIdentity(this.id) }),
      onMedia: (message) => this.#media(message),
      onSettled: () => this.#publication?.settle(),
      onStatus: (_, description) => {
        this.#said = description;
      },
      onClose: (reason) => this.#closed(reason),
    };
    try {
      const client = await RtmpClient.connect(origin.url, wanted);
      this.#client = client;
      this.#facts = this.#factsOf(client.link);
      await client.play();
      if (client.link.isClosed) throw this.#hungUp();
      this.#isOpen = true;
      this.#said = '';
      const { watch } = client.link;
      watch.startPings();
      if (this.#publication === undefined) watch.expect('a frame of the stream', patience);
    } catch (error) {
      this.end(error instanceof Error ? error : String(error));
      throw error;
    }
  }

  #media(message: ReceivedMedia): void {
    const { kind, name, timestamp, payload } = message;
    if (this.#over || payload.length === 0 || OF_CONNECTION.has(name)) return;
    const publication = this.#publication ?? this.#begin(message);
    if (publication === undefined) return;
    if (kind === 'data') publication.data(name, payload);
    else publication.media(kind, timestamp, payload);
  }

  /** A server may tell what a stream looked like when it was last live: it is live from its first frame on. */
  #begin(message: ReceivedMedia): Publication | undefined {
    if (!isFrame(message)) {
      if (this.#held.length < MAX_HELD) this.#held.push(message);
      return undefined;
    }
    const { hub, clients } = this.env;
    const stream: LiveStream = hub.obtain(this.name);
    try {
      this.#publication = stream.publish(this);
    } finally {
      if (this.#publication === undefined) stream.releaseIfIdle();
    }
    const publication = this.#publication;
    clients.add(this);
    this.#client?.link.watch.expectNothing();
    this.reconfigure();
    for (const held of this.#held.splice(0)) {
      if (held.kind === 'data') publication.data(held.name, held.payload);
      else publication.media(held.kind, held.timestamp, held.payload);
    }
    this.options.live();
    return publication;
  }

  /** The settings of its vhost may have changed. */
  reconfigure(): void {
    if (this.#publication !== undefined) this.#client?.link.watch.expectMessages(this.options.silence());
  }

  // ---- what the registry of clients shows

  get facts(): ClientFacts {
    if (this.#facts === undefined) throw new Error('the origin is not connected yet');
    return this.#facts;
  }

  #factsOf({ remoteAddress, remote }: RtmpLink): ClientFacts {
    const { vhost, app } = this.name;
    return {
      id: this.id,
      ip: remoteAddress,
      peer: remote,
      protocol: 'rtmp',
      vhost,
      app,
      param: '',
      tcUrl: this.origin.tcUrl ?? this.origin.shown.slice(0, this.origin.shown.lastIndexOf('/')),
      pageUrl: '',
      swfUrl: '',
    };
  }

  get streamKey(): string {
    return streamKey(this.name);
  }

  get bytesIn(): number {
    return this.#client?.link.bytesIn ?? 0;
  }

  get bytesOut(): number {
    return this.#client?.link.bytesOut ?? 0;
  }

  kick(reason: string): void {
    this.#lose(new RefusedError('KICKED', reason));
  }

  // ---- what the stream tells

  /** Whoever took over publishes here, so there is nothing to pull: whoever opened this hears of that by itself. */
  evicted(): void {
    this.end('the stream is published here now');
  }

  complaint(text: string): void {
    this.env.log.warn({ conn: this.id, peer: this.facts.peer, protocol: 'rtmp', stream: this.streamKey }, text);
  }

  // ---- the end

  #closed(reason: Error | undefined): void {
    this.#lose(reason ?? this.#hungUp());
  }

  #hungUp(): SrsError {
    return new SrsError('CLOSED', `the origin closed the connection${this.#said === '' ? '' : `: ${this.#said}`}`);
  }

  #lose(why: Error): void {
    if (this.#over) return;
    this.end(why);
    if (this.#isOpen) this.options.lost(why);
  }

  /** Ends it; safe to call twice. @param cause why. */
  end(cause?: Cause): void {
    if (this.#over) return;
    this.#over = true;
    this.#publication?.release();
    // As words: whoever opened it warns of a failure.
    const why = cause instanceof Error ? cause.message : cause;
    if (this.#publication !== undefined) this.env.clients.remove(this, why);
    this.#client?.end();
  }
}

const isFrame = ({ kind, payload }: ReceivedMedia): boolean => kind !== 'data' && bringsFrame(kind, payload);
