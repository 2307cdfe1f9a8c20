import { ms } from '../../core/index.js';
import { Backoff, type Clock, type Log, SrsError, type Timer } from '../../kernel/index.js';
import { type ClientOptions, type Deadlines, RtmpClient } from '../../link/index.js';
import { type LiveStream, RateWindow, RtmpPushFormat, Viewer } from '../../stream/index.js';
import { type Destination, withoutKey } from './destination.js';

/** Each step of a connection may take so long. */
const TIMEOUT = ms(5000);
/** Fifty dead destinations make about a hundred attempts a minute. */
const RETRY = { first: ms(1000), cap: ms(30_000) } as const;
/** A connection that was lost sooner counts as one more failure in a row. */
const SETTLED = 10_000;

/**
 * `idle` waits for the publisher to come back; `retrying` waits for its next attempt; `live` is published there; `loop`
 * would lead back to its own stream; `paused` waits for the operator.
 */
type ForwardState = 'idle' | 'connecting' | 'live' | 'retrying' | 'loop' | 'paused';

/** What an operator may know of a forward. */
export interface ForwardStatus {
  readonly id: string;
  /** `vhost/app/stream` */
  readonly stream: string;
  /** The destination, without keys. */
  readonly to: string;
  readonly state: ForwardState;
  /** Wall clock of the last change of state, ms. */
  readonly since: number;
  /** Media bytes sent, over all connections. */
  readonly bytes: number;
  /** Mean of the last 30 s. */
  readonly kbps: number;
  readonly lagMs: number;
  /** Jumps to a newer key frame, because the destination is too slow. */
  readonly drops: number;
  /** Times that it was published there again. */
  readonly reconnects: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly lastError: string;
}

/** What the forwards of a stream share. */
export interface ForwardContext {
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  chunkSize(): number;
  /** Told to the destination, should it forward the stream in turn (RelayTrail). */
  trail(): string;
  /** @throws {SrsError} when a destination can not be used. */
  leadsBack(destination: Destination): boolean;
  /** For rtmps destinations. @throws {SystemError} */
  tls(): Promise<NonNullable<ClientOptions['tls']>>;
}

interface Connection {
  readonly client: RtmpClient;
  readonly viewer: Viewer;
  /** Monotonic ms. */
  readonly since: number;
}

let created = 0;

/**
 * Pushes one stream to one destination, for as long as the stream is live: over republishes on one connection, and on a
 * new one when that is lost. It reads the stream's log as a player does, so it never slows the stream.
 */
export class Forwarder {
  /** Not made of the destination: that holds secrets. */
  readonly id = `f${++created}`;
  readonly #log: Log;
  readonly #backoff = new Backoff(RETRY);
  readonly #rate: RateWindow;
  #state: ForwardState = 'idle';
  #since: number;
  /** Ends the attempt or connection that is under way. */
  #attempt: AbortController | undefined;
  #connection: Connection | undefined;
  #retry: Timer | undefined;
  #over = false;
  #connects = 0;
  #lastError = '';
  /** Of connections that are gone. */
  #bytes = 0;
  #drops = 0;
  /** Resolves when the socket of the last connection is gone. */
  #gone: Promise<void> = Promise.resolve();

  constructor(
    private readonly stream: LiveStream,
    readonly destination: Destination,
    private readonly context: ForwardContext,
  ) {
    const { clock, log } = context;
    this.#log = log.child({ to: destination.shown });
    this.#since = clock.wall();
    this.#rate = new RateWindow(clock.now());
  }

  /** There is a publisher, for the first time or again. */
  published(): void {
    if ((this.#state === 'idle' || this.#state === 'loop') && this.stream.publication !== undefined)
      void this.#connect();
  }

  async #connect(): Promise<void> {
    if (this.#over) return;
    if (this.stream.publication === undefined) return this.#enter('idle');
    this.#enter('connecting');
    const attempt = new AbortController();
    this.#attempt = attempt;
    let gone = (): void => undefined;
    this.#gone = new Promise((resolve) => {
      gone = resolve;
    });
    try {
      await this.#publish(attempt, gone);
    } catch (error) {
      this.#lost(attempt, error);
      gone();
    }
  }

  /** @param gone to be called when the connection is gone. */
  async #publish(attempt: AbortController, gone: () => void): Promise<void> {
    const { url, tcUrl } = this.destination;
    const { context } = this;
    if (context.leadsBack(this.destination)) return this.#circle();
    const tls = url.startsWith('rtmps:') ? await context.tls() : {};
    let said = '';
    let mediaAt = 0;
    const client = await RtmpClient.connect(url, {
      timeout: TIMEOUT,
      chunkSize: context.chunkSize(),
      deadlines: context.deadlines,
      signal: attempt.signal,
      properties: { srs_trail: context.trail(), ...(tcUrl !== undefined && { tcUrl }) },
      tls,
      onStatus: (_, description) => {
        said = description;
      },
      onDrain: () => this.#connection?.viewer.drained(),
      onAcknowledged: (total) => this.#connection?.viewer.confirm(total - mediaAt),
      onClose: (reason) => {
        gone();
        // Before that the failed call tells more.
        if (this.#connection !== undefined) this.#lost(attempt, reason ?? closed(said));
      },
    });
    await client.publish();
    if (client.link.isClosed) throw closed(said);
    said = '';
    mediaAt = client.link.bytesOut;
    this.#push(client);
  }

  #circle(): void {
    this.#attempt = undefined;
    this.#lastError = 'it leads back to the stream itself';
    this.#enter('loop');
    this.#log.warn({ code: 'FORWARD_LOOP' }, `forward is left out: ${this.#lastError}`);
  }

  #push(client: RtmpClient): void {
    const viewer = new Viewer(client.link, {
      fellBehind: ({ backlog, drops }) =>
        this.#log.warn({ backlog, drops }, 'forward: the destination is too slow, it will go on at a key frame'),
    });
    this.#connection = { client, viewer, since: this.context.clock.now() };
    this.#connects++;
    this.#enter('live');
    const { failures } = this.#backoff;
    this.#log.info({ peer: client.link.remote, ...(failures > 0 && { afterFailures: failures }) }, 'forward is live');
    this.stream.join(viewer, new RtmpPushFormat(client.link.outChunkSize, client.streamId));
  }

  /** The attempt failed, or its connection is gone. */
  #lost(attempt: AbortController, error: unknown): void {
    if (this.#attempt !== attempt) return;
    this.#attempt = undefined;
    const worked = this.#connection === undefined ? 0 : this.context.clock.now() - this.#connection.since;
    this.#leave();
    attempt.abort();
    this.#lastError = withoutKey(error instanceof Error ? error.message : String(error), this.destination);
    if (worked >= SETTLED) this.#backoff.reset();
    const pause = this.#backoff.next();
    this.#report(error, pause);
    this.#enter('retrying');
    this.#retry = this.context.clock.after(pause, () => void this.#connect());
  }

  /** The more failures in a row, the fewer lines: the first, the second, the fourth, … */
  #report(error: unknown, retryMs: number): void {
    const { failures } = this.#backoff;
    if (!(error instanceof SrsError)) return this.#log.error({ err: error, retryMs }, 'forward: internal error');
    if ((failures & (failures - 1)) !== 0) return;
    const fields = { code: error.code, failures, retryMs };
    this.#log.warn(fields, `forward failed, it will be tried again: ${this.#lastError}`);
  }

  #leave(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    this.#bytes += connection.viewer.sent;
    this.#drops += connection.viewer.drops;
    this.stream.leave(connection.viewer);
  }

  /** Ends what is under way; the destination is told. */
  #finish(): void {
    this.#retry?.cancel();
    const attempt = this.#attempt;
    const client = this.#connection?.client;
    this.#attempt = undefined;
    this.#leave();
    if (client === undefined) attempt?.abort();
    else client.finish();
  }

  /** Nothing is sent until `resume`. */
  pause(): void {
    if (this.#over || this.#state === 'paused') return;
    this.#finish();
    this.#enter('paused');
    this.#log.info('forward is paused');
  }

  resume(): void {
    if (this.#over || this.#state !== 'paused') return;
    this.#backoff.reset();
    this.#enter('idle');
    this.#log.info('forward goes on');
    this.published();
  }

  /** Ends it for good. Resolves when its socket is gone. */
  stop(): Promise<void> {
    if (!this.#over) {
      this.#over = true;
      this.#finish();
      this.#log.info({ bytes: this.#bytes }, 'forward ended');
    }
    return this.#gone;
  }

  #enter(state: ForwardState): void {
    this.#state = state;
    this.#since = this.context.clock.wall();
  }

  /** Called every few seconds, for the bit rate. */
  sample(): void {
    this.#rate.sample(this.context.clock.now(), 0, this.bytesOut);
  }

  // ---- what summaries count

  readonly kind = 'forward';
  /** Destinations send next to nothing. */
  readonly bytesIn = 0;

  get bytesOut(): number {
    return this.#bytes + (this.#connection?.viewer.sent ?? 0);
  }

  get drops(): number {
    return this.#drops + (this.#connection?.viewer.drops ?? 0);
  }

  get status(): ForwardStatus {
    const viewer = this.#connection?.viewer;
    return {
      id: this.id,
      stream: this.stream.key,
      to: this.destination.shown,
      state: this.#state,
      since: this.#since,
      bytes: this.bytesOut,
      kbps: this.#rate.kbps(this.context.clock.now(), 0, this.bytesOut).send,
      lagMs: viewer?.log?.lagOf(viewer) ?? 0,
      drops: this.drops,
      reconnects: Math.max(0, this.#connects - 1),
      failures: this.#backoff.failures,
      lastError: this.#lastError,
    };
  }
}

const closed = (said: string): SrsError =>
  new SrsError('CLOSED', `the destination closed the connection${said === '' ? '' : `: ${said}`}`);
