import type { Frame } from '../../core/index.js';

/** Pictures so far apart, ms, are not of one group: they had stopped. */
const STOPPED = 1000;
/** A group may be so much longer than the one before it, ms. */
const UNEVEN = 100;

/** How long the groups of pictures of a stream are, in ms of its clock. */
export class Groups {
  #last = Number.NEGATIVE_INFINITY;
  #key: number | undefined;
  /** Of the last two. */
  #lengths: [number, number] = [0, 0];

  see({ kind, role, dts }: Frame): void {
    if (kind !== 'video') return;
    if (dts - this.#last > STOPPED) this.#key = undefined;
    this.#last = dts;
    if (role !== 'key') return;
    if (this.#key !== undefined) this.#lengths = [this.#lengths[1], dts - this.#key];
    this.#key = dts;
  }

  /**
   * The group at hand should be as long as the two before it: one long group alone may be a lost key frame. Where pieces
   * of it cannot be longer than `most`, they are to be alike: else a short one follows each long one.
   * @returns where the one that begins at `start` ends; undefined: with the group.
   */
  partEnd(start: number, most: number): number | undefined {
    const length = Math.min(...this.#lengths);
    if (this.#key === undefined || length < most) return undefined;
    const part = length / Math.ceil(length / (most - UNEVEN));
    const end = this.#key + (Math.round((start - this.#key) / part) + 1) * part;
    return end < this.#key + length - part / 2 ? end : undefined;
  }
}
