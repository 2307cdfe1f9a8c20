import type { Frame } from '../../core/index.js';

/** Audio and video are waited for together for so much of the stream, ms; what comes later joins at a key frame. */
const ENOUGH = 1000;
/** The same for a track that has sent its configuration, ms. */
const ENOUGH_FOR_ANNOUNCED = 3000;
/** The same where the clock stands still. */
const ENOUGH_BYTES = 4 * 2 ** 20;

/** Keeps the beginning of a publish until it is known which tracks it has: a piece names its tracks before their frames. */
export class Probe {
  readonly frames: Frame[] = [];
  #bytes = 0;

  /**
   * @param isAnnounced the other kind of media has sent its configuration.
   * @returns whether so much is there that a track which is still missing is not waited for.
   */
  add(frame: Frame, isAnnounced: boolean): boolean {
    this.frames.push(frame);
    this.#bytes += frame.payload.length;
    const first = this.frames[0] ?? frame;
    return frame.dts - first.dts >= (isAnnounced ? ENOUGH_FOR_ANNOUNCED : ENOUGH) || this.#bytes > ENOUGH_BYTES;
  }
}
