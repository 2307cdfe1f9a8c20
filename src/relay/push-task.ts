import { type Ms, ms } from '../core/index.js';
import {
  type BackoffLimits,
  type Clock,
  type Log,
  messageOf,
  RefusedError,
  SrsError,
  type Timer,
} from '../kernel/index.js';
import type { ClientOptions, Deadlines } from '../link/index.js';
import { type LiveStream, RateWindow } from '../stream/index.js';
import { type Destination, withoutKey } from './destination.js';
import { PushConnection } from './push-connection.js';
import type { PushState, PushStatus } from './push-status.js';
import { Turns } from './turns.js';

/** A connection that was lost sooner counts as one more failure in a row. */
const SETTLED = 10_000;

/** What the pushes of a stream share. */
export interface PushEnvironment {
  /** Names the push in the log: `forward`. */
  readonly what: string;
  /** Waits between attempts. */
  readonly retry: BackoffLimits;
  /** For each step of a connection. */
  readonly timeout: Ms;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  chunkSize(): number;
  trail(): string;
  /** Who this server says it is; undefined: it does not say. */
  identity(): ClientOptions['identity'];
  /** @throws {SrsError} when a destination cannot be used. */
  leadsBack(destination: Destination): boolean;
  /** Key of another stream that is pushed to the very same place. */
  takenBy?(destination: Destination): string | undefined;
  /** Addresses that a destination may have; undefined: any. */
  mayConnect?(destination: Destination): ((address: string) => boolean) | undefined;
  /** For rtmps destinations. @throws {SystemError} */
  tls(): Promise<NonNullable<ClientOptions['tls']>>;
  /** It is in another state now. */
  changed?(state: PushState): void;
}

let created = 0;

/**
 * Pushes one stream to one of several servers, for as long as the stream is live: over republishes on one connection, and
 * on a new one, to the next server, when that is lost. It reads the stream's log as a player does, so it never slows the
 * stream.
 */
export class PushTask {
  /** Not made of the destination: that holds secrets. */
  readonly id = `f${++created}`;
  readonly #log: Log;
  readonly #turns: Turns;
  readonly #rate: RateWindow;
  #state: PushState = 'idle';
  /** Wall clock, and monotonic ms. */
  #since: number;
  #entered: number;
  /** Ends the attempt or connection that is under way. */
  #attempt: AbortController | undefined;
  #connection: PushConnection | undefined;
  #isStarted = false;
  #retry: Timer | undefined;
  #over = false;
  #connects = 0;
  #lastError = '';
  /** Of connections that are gone. */
  #bytes = 0;
  #drops = 0;
  /** Resolves when the socket of the last connection is gone. */
  #gone: Promise<void> = Promise.resolve();

  /** The one that is used, or was tried last. */
  #destination: Destination;

  /** @param destinations asked for each attempt, at least one; after a failure it is the next one's turn. */
  constructor(
    private readonly stream: LiveStream,
    private readonly destinations: () => readonly Destination[],
    private readonly env: PushEnvironment,
  ) {
    const { clock, log } = env;
    const [first] = destinations();
    if (first === undefined) throw new Error('there is nowhere to push to');
    this.#destination = first;
    this.#log = log;
    this.#turns = new Turns(env.retry);
    this.#since = clock.wall();
    this.#entered = clock.now();
    this.#rate = new RateWindow(clock.now());
  }

  get destination(): Destination {
    return this.#destination;
  }

  /** Something is published there, or about to be. */
  get isUp(): boolean {
    return this.#state === 'connecting' || this.#state === 'live';
  }

  /**
   * Connects before there is a publisher, for one that is told only then that it may start.
   * @throws {SrsError} when none took the stream within `limit`: what one said that was asked, or why none could be.
   */
  async prepare(limit: Ms): Promise<void> {
    const { clock } = this.env;
    const deadline = clock.now() + limit;
    let failure: unknown;
    for (;;) {
      const { attempt, gone } = this.#begin();
      const timer = clock.after(ms(Math.max(0, deadline - clock.now())), () => attempt.abort());
      try {
        await this.#publish(attempt, gone);
        if (this.#connection === undefined) throw this.#unused();
        return;
      } catch (error) {
        gone();
        this.#attempt = undefined;
        this.#lastError = this.#wordsOf(error);
        if (!(failure instanceof RefusedError)) failure = error;
        const isNext = this.#failed() === 0;
        this.#enter('idle');
        if (!isNext || clock.now() >= deadline || this.#over) throw failure;
      } finally {
        timer.cancel();
      }
    }
  }

  /** Why there is no connection, although none failed. */
  #unused(): SrsError {
    return this.#state === 'loop'
      ? new RefusedError('FORWARD_LOOP', this.#lastError)
      : new SrsError('CLOSED', 'it is not wanted any more');
  }

  /** There is a publisher, for the first time or again. */
  published(): void {
    if (this.stream.publication === undefined) return;
    if (this.#connection !== undefined) this.#start(this.#connection);
    else if (this.#state === 'idle' || this.#state === 'loop') void this.#connect();
  }

  async #connect(): Promise<void> {
    if (this.#over) return;
    if (this.stream.publication === undefined) return this.#enter('idle');
    const { attempt, gone } = this.#begin();
    try {
      await this.#publish(attempt, gone);
      if (this.#connection !== undefined) this.published();
    } catch (error) {
      this.#lost(attempt, error);
      gone();
    }
  }

  #begin(): { attempt: AbortController; gone: () => void } {
    this.#retry?.cancel();
    const attempt = new AbortController();
    this.#attempt = attempt;
    let gone = (): void => undefined;
    this.#gone = new Promise((resolve) => {
      gone = resolve;
    });
    return { attempt, gone };
  }

  async #publish(attempt: AbortController, gone: () => void): Promise<void> {
    const { env, stream } = this;
    const { what, timeout, deadlines } = env;
    const destination = this.#turns.of(this.destinations()) ?? this.#destination;
    this.#destination = destination;
    if (env.leadsBack(destination)) return this.#circle(gone);
    const other = env.takenBy?.(destination);
    if (other !== undefined) throw new RefusedError('FORWARD_TAKEN', `the stream ${other} is pushed there`);
    this.#enter('connecting');
    const mayConnect = env.mayConnect?.(destination);
    const identity = env.identity();
    const connection = await PushConnection.open(stream, destination, {
      what,
      timeout,
      deadlines,
      chunkSize: env.chunkSize(),
      trail: env.trail(),
      tls: destination.url.startsWith('rtmps:') ? await env.tls() : {},
      ...(identity !== undefined && { identity }),
      ...(mayConnect !== undefined && { mayConnect }),
      log: this.#log.child({ to: destination.shown }),
      signal: attempt.signal,
      lost: (reason) => this.#lost(attempt, reason),
      gone,
    });
    if (this.#attempt !== attempt) return connection.finish(); // stopped at the last moment
    this.#connection = connection;
    this.#isStarted = false;
    this.#turns.worked();
    this.#connects++;
    this.#enter('live');
    const { failures } = this.#turns;
    const fields = { to: destination.shown, peer: connection.peer };
    this.#log.info({ ...fields, ...(failures > 0 && { afterFailures: failures }) }, `${what} is live`);
  }

  #start(connection: PushConnection): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    connection.start();
  }

  #circle(gone: () => void): void {
    this.#attempt = undefined;
    this.#lastError = 'it leads back to the stream itself';
    this.#enter('loop');
    this.#log.warn(
      { to: this.destination.shown, code: 'FORWARD_LOOP', why: this.#lastError },
      `${this.env.what} is left out`,
    );
    gone();
  }

  /** The attempt failed, or its connection is gone. */
  #lost(attempt: AbortController, error: unknown): void {
    if (this.#attempt !== attempt) return;
    this.#attempt = undefined;
    const { clock } = this.env;
    if (this.#state === 'live' && clock.now() - this.#entered >= SETTLED) this.#turns.reset();
    this.#connection?.leave();
    this.#forget();
    attempt.abort();
    this.#lastError = this.#wordsOf(error);
    const { shown } = this.#destination;
    const wait = this.#failed();
    this.#report(error, shown, wait);
    this.#enter('retrying');
    this.#retry = clock.after(wait, () => void this.#connect());
  }

  /** @returns the wait until the next attempt. */
  #failed(): Ms {
    return this.#turns.failed(Math.max(1, this.destinations().length));
  }

  #wordsOf(error: unknown): string {
    return withoutKey(messageOf(error), this.destination);
  }

  #report(error: unknown, to: string, retryMs: number): void {
    const { what } = this.env;
    const { failures, isWorthTelling } = this.#turns;
    if (!(error instanceof SrsError)) return this.#log.error({ to, err: error, retryMs }, `${what}: internal error`);
    if (!isWorthTelling) return;
    const fields = { to, code: error.code, why: this.#lastError, failures, retryMs };
    this.#log.warn(fields, `${what} failed, it will be tried again`);
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
    this.#log.info({ to: this.destination.shown }, `${this.env.what} is paused`);
  }

  resume(): void {
    if (this.#over || this.#state !== 'paused') return;
    this.#turns.reset();
    this.#enter('idle');
    this.#log.info({ to: this.destination.shown }, `${this.env.what} goes on`);
    this.published();
  }

  /** Ends it for good. Resolves when its socket is gone. */
  stop(): Promise<void> {
    if (!this.#over) {
      this.#over = true;
      this.#finish();
      this.#log.info({ to: this.destination.shown, bytes: this.#bytes }, `${this.env.what} ended`);
    }
    return this.#gone;
  }

  #enter(state: PushState): void {
    const { clock } = this.env;
    this.#state = state;
    this.#since = clock.wall();
    this.#entered = clock.now();
    this.env.changed?.(state);
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

  get status(): PushStatus {
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
      failures: this.#turns.failures,
      lastError: this.#lastError,
    };
  }
}
