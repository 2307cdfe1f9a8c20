/** Rates are means over this much of the past. */
const WINDOW = 30_000;

interface Sample {
  readonly at: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Two byte counters as they were in the last 30 s. What is younger than that has the rate of its whole life. */
export class RateWindow {
  readonly #samples: Sample[];

  constructor(now: number, bytesIn = 0, bytesOut = 0) {
    this.#samples = [{ at: now, bytesIn, bytesOut }];
  }

  /** Call it in equal steps of a few seconds. */
  sample(at: number, bytesIn: number, bytesOut: number): void {
    this.#samples.push({ at, bytesIn, bytesOut });
    // The oldest one that is kept is the last at least as old as the window.
    while ((this.#samples[1]?.at ?? at) <= at - WINDOW) this.#samples.shift();
  }

  /** @returns kilobits per second until now. */
  kbps(at: number, bytesIn: number, bytesOut: number): { recv: number; send: number } {
    const [from] = this.#samples as [Sample];
    const elapsed = Math.max(1000, at - from.at);
    return { recv: ((bytesIn - from.bytesIn) * 8) / elapsed, send: ((bytesOut - from.bytesOut) * 8) / elapsed };
  }
}
