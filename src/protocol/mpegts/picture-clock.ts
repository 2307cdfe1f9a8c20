/** 2 s, in ticks of 90 kHz: no encoder holds pictures back for longer. */
const MAX_LAG = 2 * 90_000;

/**
 * When pictures are decoded. Some encoders do not set the decode time back, so that pictures are to be shown before it: their
 * composition time is negative. Then all are decoded earlier by as much as was seen so far; when they are shown stays.
 * All times are ticks that do not wrap.
 */
export class PictureClock {
  /** By so much pictures are decoded earlier than the encoder says. */
  lag = 0;
  /** Of the picture at hand. */
  dts = -1;
  pts = 0;

  /** @param sent the decode time that the encoder says. @param offset its composition time. */
  next(sent: number, offset: number): void {
    if (-offset > this.lag && -offset <= MAX_LAG) this.lag = -offset;
    this.dts = this.lag === 0 ? sent : this.#earlier(sent - this.lag);
    this.pts = Math.max(this.dts, sent + offset);
  }

  /** Never back, until the clock leaps, and never below 0. */
  #earlier(wanted: number): number {
    const next = this.dts + 1;
    return next - wanted > MAX_LAG ? Math.max(0, wanted) : Math.max(next, wanted);
  }

  /** Other pictures: nothing is known of them. */
  reset(): void {
    this.lag = 0;
  }
}
