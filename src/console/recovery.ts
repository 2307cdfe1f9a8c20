/** Tells whether what broke is worth mending: not again so soon after the last time. */
export class Recovery {
  #last = Number.NEGATIVE_INFINITY;

  /** @param apart ms. */
  constructor(private readonly apart: number) {}

  /** @param now ms. @returns true: it is being mended. */
  tries(now: number): boolean {
    if (now - this.#last < this.apart) return false;
    this.#last = now;
    return true;
  }
}
