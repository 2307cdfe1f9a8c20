import { type Ms, ms } from '../../core/index.js';
import type { Clock, Timer } from '../clock.js';

/** Finds out that a program hangs: there is something to do, and it does not get on. */
export class StallWatch {
  #movedAt: number;
  #timer: Timer | undefined;
  #isStalled = false;

  /** @param timeout it may stand still for so long; 0: for ever. @param isBusy whether there is something to do. */
  constructor(
    private readonly clock: Clock,
    private readonly timeout: Ms,
    private readonly isBusy: () => boolean,
  ) {
    this.#movedAt = clock.now();
  }

  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** @param stalled told once. */
  start(stalled: () => void): void {
    if (this.timeout === 0) return;
    this.#timer = this.clock.every(ms(Math.min(1000, this.timeout / 2)), () => {
      if (!this.isBusy()) this.moved();
      if (this.#isStalled || this.clock.now() - this.#movedAt < this.timeout) return;
      this.#isStalled = true;
      stalled();
    });
  }

  /** It got on. */
  moved(): void {
    this.#movedAt = this.clock.now();
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
