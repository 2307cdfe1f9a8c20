import type { Frame } from '../core/index.js';

/** One kind alone may be held back up to this many frames while the other is missing. */
const PURE = 10;

/**
 * `mix_correct`: re-orders audio and video by time for encoders that interleave them badly (spec/rtmp.md §8.4).
 * A frame leaves when both kinds wait, or when ten of one kind wait without the other.
 */
export class MixQueue {
  readonly #queue: Frame[] = [];
  #audio = 0;
  #video = 0;

  /** @returns the frame that is due now, at most one per arrival. */
  push(frame: Frame): Frame | undefined {
    let at = this.#queue.length;
    while (at > 0 && goesBefore(frame, this.#queue[at - 1] as Frame)) at--;
    this.#queue.splice(at, 0, frame);
    this.#count(frame, 1);
    const both = this.#audio > 0 && this.#video > 0;
    if (!both && this.#audio < PURE && this.#video < PURE) return undefined;
    const due = this.#queue.shift();
    if (due !== undefined) this.#count(due, -1);
    return due;
  }

  /** Everything that is left, in order, at the end of a publish. */
  drain(): Frame[] {
    this.#audio = 0;
    this.#video = 0;
    return this.#queue.splice(0);
  }

  #count(frame: Frame, by: number): void {
    if (frame.kind === 'audio') this.#audio += by;
    else if (frame.kind === 'video') this.#video += by;
  }
}

/** Never before its own kind: a codec configuration has the stream's newest time, and its key frame may be older. */
const goesBefore = (frame: Frame, other: Frame): boolean => frame.kind !== other.kind && frame.dts < other.dts;
