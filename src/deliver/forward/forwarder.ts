import { ms } from '../../core/index.js';
import { Backoff, type Clock, type Log, messageOf, RefusedError, SrsError, type Timer } from '../../kernel/index.js';
import type { ClientOptions, Deadlines } from '../../link/index.js';
import { type LiveStream, RateWindow } from '../../stream/index.js';
import { type Destination, withoutKey } from './destination.js';
import type { ForwardState, ForwardStatus } from './forward-status.js';
import { PushConnection } from './push-connection.js';

/** Fifty dead destinations make about a hundred attempts a minute. */
const RETRY = { first: ms(1000), cap: ms(30_000) } as const;
/** A connection that was lost sooner counts as one more failure in a row. */
const SETTLED = 10_000;

/** What a forward needs from the stream that it is of. */
export interface ForwarderEnvironment {
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  chunkSize(): number;
  trail(): string;
  /** @throws {SrsError} when a destination cannot be used. */
  leadsBack(destination: Destination): boolean;
  /** Key of another stream that is pushed to the very same place. */
  takenBy(destination: Destination): string | undefined;
  /** Addresses that a destination may have; undefined: any. */
  mayConnect(destination: Destination): ((address: string) => boolean) | undefined;
  /** For rtmps destinations. @throws {SystemError} */
  tls(): Promise<NonNullable<ClientOptions['tls']>>;
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
  /** Wall clock, and monotonic ms. */
  #since: number;
  #entered: number;
  /** Ends the attempt or connection that is under way. */
  #attempt: AbortController | undefined;
  #connection: PushConnection | undefined;
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
    private readonly env: ForwarderEnvironment,
  ) {
    const { clock, log } = env;
    this.#log = log.child({ to: destination.shown });
    this.#since = clock.wall();
    this.#entered = clock.now();
    this.#rate = new RateWindow(clock.now());
  }

  /** Something is published there, or about to be. */
  get isUp(): boolean {
    return this.#state === 'connecting' || this.#state === 'live';
  }

  /** There is a publisher, for the first time or again. */
  published(): void {
    const waits = this.#state === 'idle' || this.#state === 'loop';
    if (waits && this.stream.publication !== undefined) void this.#connect();
  }

  async #connect(): Promise<void> {
    if (this.#over) return;
    if (this.stream.publication === undefined) return this.#enter('idle');
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

  async #publish(attempt: AbortController, gone: () => void): Promise<void> {
    const { env, destination, stream } = this;
    const { deadlines } = env;
    if (env.leadsBack(destination)) return this.#circle(gone);
    const other = env.takenBy(destination);
    if (other !== undefined) throw new RefusedError('FORWARD_TAKEN', `the stream ${other} is pushed there`);
    this.#enter('connecting');
    const mayConnect = env.mayConnect(destination);
    const connection = await PushConnection.open(stream, destination, {
      deadlines,
      chunkSize: env.chunkSize(),
      trail: env.trail(),
      tls: destination.url.startsWith('rtmps:') ? await env.tls() : {},
      ...(mayConnect !== undefined && { mayConnect }),
      log: this.#log,
      signal: attempt.signal,
      lost: (reason) => this.#lost(attempt, reason),
      gone,
    });
    if (this.#attempt !== attempt) return connection.finish(); // stopped at the last moment
    this.#connection = connection;
    this.#connects++;
    this.#enter('live');
    const { failures } = this.#backoff;
    this.#log.info({ peer: connection.peer, ...(failures > 0 && { afterFailures: failures }) }, 'forward is live');
    connection.start();
  }

  #circle(gone: () => void): void {
    this.#attempt = undefined;
    this.#lastError = 'it leads back to the stream itself';
    this.#enter('loop');
    this.#log.warn({ code: 'FORWARD_LOOP', why: this.#lastError }, 'forward is left out');
    gone();
  }

  /** The attempt failed, or its connection is gone. */
  #lost(attempt: AbortController, error: unknown): void {
    if (this.#attempt !== attempt) return;
    this.#attempt = undefined;
    const { clock } = this.env;
    if (this.#state === 'live' && clock.now() - this.#entered >= SETTLED) this.#backoff.reset();
    this.#connection?.leave();
    this.#forget();
    attempt.abort();
    this.#lastError = withoutKey(messageOf(error), this.destination);
    const pause = this.#backoff.next();
    this.#report(error, pause);
    this.#enter('retrying');
    this.#retry = clock.after(pause, () => void this.#connect());
  }

  /** The more failures in a row, the fewer lines: the first, the second, the fourth, … */
  #report(error: unknown, retryMs: number): void {
    const { failures } = this.#backoff;
    if (!(error instanceof SrsError)) return this.#log.error({ err: error, retryMs }, 'forward: internal error');
    if ((failures & (failures - 1)) !== 0) return;
    const fields = { code: error.code, why: this.#lastError, failures, retryMs };
    this.#log.warn(fields, 'forward failed, it will be tried again');
  }

  /** The connection is over; its numbers stay. */
  #forget(): void {
    this.#bytes += this.#connection?.sent ?? 0;
    this.#drops += this.#connection?.drops ?? 0;
    this.#connection = undefined;
  }

  /** Ends what is under way; the destination is told. */
  #finish(): void {
    this.#retry?.cancel();
    const attempt = this.#attempt;
    const connection = this.#connection;
    this.#attempt = undefined;
    this.#forget();
    if (connection === undefined) attempt?.abort();
    else connection.finish();
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
    this.#since = this.env.clock.wall();
    this.#entered = this.env.clock.now();
  }

  /** Called every few seconds, for the bit rate. */
  sample(): void {
    this.#rate.sample(this.env.clock.now(), 0, this.bytesOut);
  }

  // ---- what summaries count

  /** Destinations send next to nothing. */
  readonly bytesIn = 0;

  get bytesOut(): number {
    return this.#bytes + (this.#connection?.sent ?? 0);
  }

  get drops(): number {
    return this.#drops + (this.#connection?.drops ?? 0);
  }

  get status(): ForwardStatus {
    return {
      id: this.id,
      stream: this.stream.key,
      to: this.destination.shown,
      state: this.#state,
      since: this.#since,
      bytes: this.bytesOut,
      kbps: this.#rate.kbps(this.env.clock.now(), 0, this.bytesOut).send,
      lagMs: this.#connection?.lagMs ?? 0,
      drops: this.drops,
      reconnects: Math.max(0, this.#connects - 1),
      failures: this.#backoff.failures,
      lastError: this.#lastError,
    };
  }
}
