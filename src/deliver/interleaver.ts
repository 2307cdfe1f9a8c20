import type { Frame } from '../core/index.js';

/** Pictures that come later than sound by more than this, ms, are taken to have stopped. */
const PATIENCE = 3000;
/** No real sound of PATIENCE is as long; its time may stand still. */
const MAX_BYTES = 4 * 2 ** 20;

/**
 * Sound waits for the pictures of its time: encoders may send it long before them, and a segment should have the sound
 * of its pictures.
 */
export class Interleaver {
  #waiting: Frame[] = [];
  #bytes = 0;
  #pictures = Number.NEGATIVE_INFINITY;
  #sound = Number.NEGATIVE_INFINITY;

  /** @returns whose turn it is now, in order. */
  push(frame: Frame): Frame[] {
    if (frame.kind === 'audio') {
      this.#sound = Math.max(this.#sound, frame.dts);
      this.#waiting.push(frame);
      this.#bytes += frame.payload.length;
      if (this.#bytes > MAX_BYTES) return this.flush();
      return this.#before(Math.max(this.#pictures, this.#sound - PATIENCE));
    }
    this.#pictures = Math.max(this.#pictures, frame.dts);
    return [...this.#before(frame.dts), frame];
  }

  /** @returns what still waits. */
  flush(): Frame[] {
    this.#bytes = 0;
    return this.#waiting.splice(0);
  }

  #before(time: number): Frame[] {
    const later = this.#waiting.findIndex(({ dts }) => dts >= time);
    const due = this.#waiting.splice(0, later < 0 ? this.#waiting.length : later);
    for (const { payload } of due) this.#bytes -= payload.length;
    return due;
  }
}
