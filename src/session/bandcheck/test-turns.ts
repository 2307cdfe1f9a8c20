import type { Seconds } from '../../core/index.js';
import type { Clock } from '../../kernel/index.js';

/** When the last test began: they load the network, so there is one at a time for the whole process (spec/rtmp.md §12). */
export class TestTurns {
  #last = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Clock) {}

  /** Takes a turn. @returns whether the last one is long enough ago. */
  take(interval: Seconds): boolean {
    const now = this.clock.now();
    if (now - this.#last < interval * 1000) return false;
    this.#last = now;
    return true;
  }
}
