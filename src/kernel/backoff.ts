import { type Ms, ms } from '../core/index.js';

export interface BackoffLimits {
  readonly first: Ms;
  readonly cap: Ms;
}

/** How much a wait differs by chance, so that what failed together does not come back together. */
const JITTER = 0.25;

/** Waits between attempts: each twice the one before, up to a cap, give or take a quarter. */
export class Backoff {
  #failures = 0;

  constructor(
    private readonly limits: BackoffLimits,
    private readonly random: () => number = Math.random,
  ) {}

  /** In a row. */
  get failures(): number {
    return this.#failures;
  }

  /** How long to wait after one more failure. */
  next(): Ms {
    const { first, cap } = this.limits;
    const wait = Math.min(cap, first * 2 ** Math.min(this.#failures++, 30));
    return ms(Math.round(wait * (1 + JITTER * (2 * this.random() - 1))));
  }

  /** It works again: the next wait is the first one. */
  reset(): void {
    this.#failures = 0;
  }
}
