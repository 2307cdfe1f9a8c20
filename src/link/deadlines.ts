import { ms } from '../core/index.js';
import type { Clock, Service, Timer } from '../kernel/index.js';

const PERIOD = ms(250);
/** Between two ticks no more than this counts. */
const LONGEST_TURN = ms(1000);

/** Something whose time may run out. */
export interface Watched {
  /** @param now as `Deadlines.now`. */
  checkDeadline(now: number): void;
}

/**
 * One timer for the deadlines of all connections: ten thousand checks take a fraction of a millisecond, and setting a
 * deadline is an assignment. Deadlines are kept to a quarter of a second. While the process stands still, as in a suspended
 * machine, their time does too: what peers sent meanwhile has not been read yet.
 */
export class Deadlines implements Service {
  readonly #watched = new Set<Watched>();
  #timer: Timer | undefined;
  /** Time of the latest tick: cheap to read on the hot path. */
  now: number;
  /** How far this time is behind the clock's, ms. */
  #stoodStill = 0;

  constructor(readonly clock: Clock) {
    this.now = clock.now();
  }

  async start(): Promise<void> {
    this.#timer = this.clock.every(PERIOD, () => this.tick());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
  }

  watch(watched: Watched): void {
    this.#watched.add(watched);
  }

  unwatch(watched: Watched): void {
    this.#watched.delete(watched);
  }

  /** The time now, to the millisecond. */
  exact(): number {
    return this.clock.now() - this.#stoodStill;
  }

  tick(): void {
    this.#stoodStill += Math.max(0, this.exact() - this.now - LONGEST_TURN);
    this.now = this.exact();
    for (const watched of this.#watched) watched.checkDeadline(this.now);
  }
}
