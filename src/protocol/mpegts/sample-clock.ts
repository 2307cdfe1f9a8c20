const SAMPLES = 1024;
const SECOND = 90_000;
/** 100 ms: further apart, the encoder has lost or repeated sound. */
const APART = 9000;

/**
 * Exact times for AAC: a frame of 1024 samples lasts no whole number of milliseconds, which RTMP counts in, and some
 * players click at the steps. Frames are counted instead, as long as the count and the encoder's times agree.
 */
export class SampleClock {
  #base = Number.NEGATIVE_INFINITY;
  #frames = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** @param sent the encoder's time of the next frame. @param rate samples a second. @returns 90 kHz ticks, never back. */
  next(sent: number, rate: number): number {
    const counted = this.#base + Math.round((this.#frames * SECOND * SAMPLES) / rate);
    const agrees = Math.abs(counted - sent) <= APART;
    if (!agrees) {
      this.#base = sent;
      this.#frames = 0;
    }
    this.#frames++;
    this.#last = Math.max(this.#last, agrees ? counted : sent);
    return this.#last;
  }

  /** Another rate: the count begins anew. */
  reset(): void {
    this.#base = Number.NEGATIVE_INFINITY;
  }
}
