import type { Ms } from '../core/index.js';
import type { Clock, Timer } from '../kernel/index.js';

/** The log whose frames leave. */
interface Departing {
  /** Everything that is open leaves. */
  flush(): void;
  /** The oldest frame leaves alone. @returns false when there is none. */
  releaseOne(): boolean;
}

/** When the open batch of a log leaves: at once, at the end of the merge window, or one message per interval. */
export class Departure {
  #window: Timer | undefined;
  #pacer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly log: Departing,
  ) {}

  /** A window that is open already is not made longer. */
  within(window: Ms): void {
    if (window === 0) this.log.flush();
    else this.#window ??= this.clock.after(window, () => this.log.flush());
  }

  /** Everything has left: the window is over. */
  left(): void {
    this.#window?.cancel();
    this.#window = undefined;
  }

  /** `send_min_interval`: a frame now, unless one left less than an interval ago, and the others one by one. */
  pace(interval: Ms): void {
    if (this.#pacer !== undefined || !this.log.releaseOne()) return;
    this.#pacer = this.clock.after(interval, () => {
      this.#pacer = undefined;
      this.pace(interval);
    });
  }

  cancel(): void {
    this.left();
    this.#pacer?.cancel();
  }
}
