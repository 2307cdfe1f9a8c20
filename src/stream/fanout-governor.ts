import { type Ms, ms } from '../core/index.js';
import type { Clock, Service, Timer } from '../kernel/index.js';
import type { WireLog } from './wire-log.js';

/** Share of the core that fan-out may take before the merge window grows. */
const TARGET = 0.33;
const MAX_WINDOW = 350;
const MAX_LOW_LATENCY_WINDOW = 20;
/** A window below this saves nothing. */
const MIN_WINDOW = 5;
const PERIOD = ms(500);
const FIRST_GUESS_MS_PER_WRITE = 0.012;

/**
 * Chooses the merge window from the measured cost of a write: zero while all viewers can be served frame by frame
 * within the target share of the core, else just as long as needed (architecture: the merge window).
 */
export class FanoutGovernor implements Service {
  readonly #logs = new Set<WireLog>();
  #timer: Timer | undefined;
  #window = 0;
  #costPerWrite = FIRST_GUESS_MS_PER_WRITE;
  #spent = 0;
  #writes = 0;
  #lastTick: number;
  /** Over the life of the server: ms of passes, and viewers visited. */
  readonly totals = { spent: 0, writes: 0 };

  constructor(private readonly clock: Clock) {
    this.#lastTick = clock.now();
  }

  async start(): Promise<void> {
    this.#timer = this.clock.every(PERIOD, () => this.tick());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
  }

  add(log: WireLog): void {
    this.#logs.add(log);
  }

  remove(log: WireLog): void {
    this.#logs.delete(log);
  }

  /** A pass took `spent` ms for `visited` viewers. */
  spent(spent: number, visited: number): void {
    this.#spent += spent;
    this.#writes += visited;
    this.totals.spent += spent;
    this.totals.writes += visited;
  }

  window(minLatency: boolean): Ms {
    return ms(minLatency ? Math.min(this.#window, MAX_LOW_LATENCY_WINDOW) : this.#window);
  }

  tick(): void {
    const now = this.clock.now();
    const seconds = (now - this.#lastTick) / 1000;
    this.#lastTick = now;
    if (this.#writes >= 100) {
      this.#costPerWrite += (this.#spent / this.#writes - this.#costPerWrite) * 0.3;
      this.#spent = 0;
      this.#writes = 0;
    }
    let viewers = 0;
    let frameByFrame = 0; // share of the core, were every frame sent at once
    for (const log of this.#logs) {
      viewers += log.viewers.length;
      frameByFrame += (log.viewers.length * log.wakes * this.#costPerWrite) / (seconds * 1000);
      log.wakes = 0;
    }
    if (frameByFrame <= TARGET) this.#window = 0;
    else {
      const wanted = Math.min(MAX_WINDOW, Math.ceil((viewers * this.#costPerWrite) / TARGET));
      this.#window = wanted < MIN_WINDOW ? 0 : wanted;
    }
  }
}
