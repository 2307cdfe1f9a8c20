import type { Frame } from '../../core/index.js';

/** The second kind of track comes so soon, or there is none, ms of the stream's time. */
const WITHIN = 1000;
const MOST_BYTES = 4 * 2 ** 20;

/**
 * The first frames of a file, until it is known what else the stream has: sequence headers have to stand in front of all
 * frames, or `?start=` and players that seek do not find them (spec/http.md §3.1).
 */
export class HeldFrames {
  #frames: Frame[] = [];
  #bytes = 0;
  readonly #kinds = new Set<string>();

  /** @param headers what the file is known to begin with. */
  constructor(headers: Iterable<Frame>) {
    for (const { kind } of headers) this.#kinds.add(kind);
  }

  /** @returns whether the wait is over with this frame. */
  push(frame: Frame): boolean {
    this.#frames.push(frame);
    this.#bytes += frame.payload.length;
    this.#kinds.add(frame.kind);
    const span = frame.dts - (this.#frames[0] ?? frame).dts;
    return (this.#kinds.has('audio') && this.#kinds.has('video')) || span >= WITHIN || this.#bytes > MOST_BYTES;
  }

  /** What was held, in order. */
  release(): readonly Frame[] {
    return this.#frames.splice(0);
  }
}
