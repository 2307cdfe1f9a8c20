/** Of the time that has passed, an encoder's clock may be slow by so much: crystals differ by less, and no player notices. */
const FOLLOW = 1 / 1000;
/** What the clock of the server leaves its course by at once, ms, is no drift: it was set. */
const STEP = 1000;

/** The time of day on the clock of a stream. Times in ms. */
export class Dates {
  /** What a time of the stream and the time of day differ by. */
  #offset: number | undefined;
  /** What the time of day and the monotonic clock differed by. */
  #course: number | undefined;
  #last = 0;

  /** What follows has another clock. */
  restart(): void {
    this.#offset = undefined;
  }

  /**
   * Nothing was live after it was complete, also of an encoder that sends its first minute at once: dates from the future
   * would go back at the next publish. What comes late may have been held up, so it is followed slowly; a clock of the
   * server that is set, as after a start without network, is followed at once.
   * @param start of a piece, on the stream's clock. @param wall when it was complete, since 1970. @param now the same, monotonic.
   * @returns when it began, since 1970; not before what was said last.
   */
  of(start: number, length: number, wall: number, now: number): number {
    const latest = wall - start - length;
    const step = wall - now - (this.#course ?? wall - now);
    this.#course = wall - now;
    if (Math.abs(step) > STEP) {
      if (this.#offset !== undefined) this.#offset += step;
      this.#last = 0;
    }
    this.#offset = Math.min(latest, (this.#offset ?? latest) + length * FOLLOW);
    this.#last = Math.max(this.#last, Math.round(start + this.#offset));
    return this.#last;
  }
}
