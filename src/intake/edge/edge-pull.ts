import { ms } from '../../core/index.js';
import { type Log, logEnd, messageOf, RefusedError, SrsError, type Timer } from '../../kernel/index.js';
import { leadsBack, Turns } from '../../relay/index.js';
import { type StreamName, streamKey } from '../../stream/index.js';
import type { EdgeState, EdgeStatus } from './edge-status.js';
import { edgeOf, upstreamsOf } from './origins.js';
import type { EdgeEnvironment } from './ports.js';
import { Upstream } from './upstream.js';

/** Between two rounds of all origins. */
const RETRY = { first: ms(500), cap: ms(10_000) } as const;
/** Each step of a connection may take so long (spec/rtmp.md §9). */
const TIMEOUT = ms(3000);
/** So long an origin may take to send the first frame, where another one may have the stream… */
const PATIENCE = ms(5000);
/** …and where it is the only one: the connection is made anew then, should its other end have vanished. */
const PATIENCE_ALONE = ms(60_000);
/** A stream that was lost sooner counts as one more failure in a row. */
const SETTLED = 10_000;

/** Pulls one stream from its origins, whichever has it, until it is told to stop: one connection at a time. */
export class EdgePull {
  readonly key: string;
  readonly #log: Log;
  readonly #turns = new Turns(RETRY);
  #state: EdgeState = 'connecting';
  /** Wall clock, and monotonic ms. */
  #since = 0;
  #entered = 0;
  readonly #started: number;
  #attempt: AbortController | undefined;
  #upstream: Upstream | undefined;
  #retry: Timer | undefined;
  #shown = '';
  #lives = 0;
  /** Of connections that are gone. */
  #bytes = 0;
  #lastError = '';

  /** @param trail of who wants it, at the moment (RelayTrail). */
  constructor(
    private readonly name: StreamName,
    private readonly env: EdgeEnvironment,
    private readonly trail: () => string,
  ) {
    this.key = streamKey(name);
    this.#log = env.log.child({ stream: this.key });
    this.#started = env.clock.now();
    this.#log.info('edge pull started');
    void this.#connect();
  }

  /** Frames have come, now or before. */
  get hasBeenLive(): boolean {
    return this.#lives > 0;
  }

  async #connect(): Promise<void> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    try {
      const upstream = await this.#open(attempt);
      if (this.#attempt !== attempt) return upstream.end('it is not wanted any more');
      this.#upstream = upstream;
    } catch (error) {
      this.#lost(attempt, error);
    }
  }

  async #open(attempt: AbortController): Promise<Upstream> {
    const { name, env } = this;
    const { config, trail } = env;
    this.#enter('connecting');
    const vhost = edgeOf(config(), name.vhost);
    const origins = vhost === undefined ? [] : upstreamsOf(vhost, name);
    const origin = this.#turns.of(origins);
    if (vhost === undefined || origin === undefined)
      throw new RefusedError('VHOST_UNKNOWN', `vhost ${name.vhost} is not served any more`);
    this.#shown = origin.shown;
    if (leadsBack(origin, name, config()))
      throw new RefusedError('FORWARD_LOOP', 'the origin is this server itself: origin must name another one');
    const isAlone = origins.length === 1;
    const upstream = await Upstream.open(name, origin, env, {
      signal: attempt.signal,
      timeout: TIMEOUT,
      patience: isAlone ? PATIENCE_ALONE : PATIENCE,
      trail: trail.onward(this.key, this.trail()),
      isNamed: vhost.cluster.debugSrsUpnode,
      chunkSize: vhost.chunkSize,
      silence: () => (edgeOf(config(), name.vhost) ?? vhost).publish.normalTimeout,
      live: () => this.#live(),
      lost: (why) => this.#lost(attempt, why),
    });
    if (this.#state === 'connecting') this.#enter('waiting');
    return upstream;
  }

  #live(): void {
    this.#lives++;
    this.#turns.worked();
    this.#enter('live');
  }

  /** The attempt failed, or its connection is gone. */
  #lost(attempt: AbortController, error: unknown): void {
    if (this.#attempt !== attempt) return;
    this.#attempt = undefined;
    const { clock, config } = this.env;
    if (this.#state === 'live' && clock.now() - this.#entered >= SETTLED) this.#turns.reset();
    this.#forget();
    attempt.abort();
    this.env.failures.pull++;
    this.#lastError = messageOf(error);
    const origins = edgeOf(config(), this.name.vhost)?.cluster.origin.length ?? 1;
    const retryMs = this.#turns.failed(origins);
    this.#report(error, retryMs);
    this.#enter('retrying');
    this.#retry = clock.after(retryMs, () => void this.#connect());
  }

  #report(error: unknown, retryMs: number): void {
    const { failures, isWorthTelling } = this.#turns;
    const to = this.#shown;
    if (!(error instanceof SrsError)) return this.#log.error({ to, err: error, retryMs }, 'edge pull: internal error');
    if (!isWorthTelling) return;
    const fields = { to, code: error.code, why: this.#lastError, failures, retryMs };
    this.#log.warn(fields, 'edge pull failed, it will be tried again');
  }

  /** The connection is over; its numbers stay. */
  #forget(): void {
    this.#bytes += this.#upstream?.bytesIn ?? 0;
    this.#upstream = undefined;
  }

  /** The settings of the vhost may have changed; other origins are for the next connection. */
  reconfigure(): void {
    this.#upstream?.reconfigure();
  }

  /** Ends it for good. @param why in the log. */
  stop(why: string): void {
    this.#retry?.cancel();
    const upstream = this.#upstream;
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#forget();
    upstream?.end(why);
    if (upstream === undefined) attempt?.abort();
    const seconds = Math.round((this.env.clock.now() - this.#started) / 1000);
    logEnd(this.#log, { seconds, bytesIn: this.#bytes }, why, 'edge pull ended');
  }

  #enter(state: EdgeState): void {
    const { clock } = this.env;
    this.#state = state;
    this.#since = clock.wall();
    this.#entered = clock.now();
  }

  // ---- what summaries count

  readonly bytesOut = 0;
  readonly drops = 0;

  get bytesIn(): number {
    return this.#bytes + (this.#upstream?.bytesIn ?? 0);
  }

  get status(): EdgeStatus {
    return {
      role: 'pull',
      stream: this.key,
      upstream: this.#shown,
      state: this.#state,
      since: this.#since,
      bytes: this.bytesIn,
      reconnects: Math.max(0, this.#lives - 1),
      failures: this.#turns.failures,
      lastError: this.#lastError,
    };
  }
}
