import { ms } from '../core/index.js';
import type { Clock, Service, Timer } from '../kernel/index.js';

const PERIOD = ms(250);
/** A tick that comes so late finds unread what peers sent meanwhile. */
const LATE = ms(1000);

/** Something whose time may run out. */
export interface Watched {
  /** @param now the clock's monotonic time. */
  checkDeadline(now: number): void;
}

/**
 * One timer for the deadlines of all connections: ten thousand checks take a fraction of a millisecond, and setting a
 * deadline is an assignment. Deadlines are kept to a quarter of a second. After a standstill of the process
 * they are checked one tick later: first, what peers sent meanwhile is read.
 */
export class Deadlines implements Service {
  readonly #watched = new Set<Watched>();
  #timer: Timer | undefined;
  /** Monotonic time of the latest tick: cheap to read on the hot path. */
  now: number;
  #wasLate = false;

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

  tick(): void {
    const now = this.clock.now();
    // Never two at a time, or a server that is always late would have no deadlines.
    this.#wasLate = !this.#wasLate && now - this.now > LATE;
    this.now = now;
    if (this.#wasLate) return;
    for (const watched of this.#watched) watched.checkDeadline(this.now);
  }
}
