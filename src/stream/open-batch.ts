import type { Frame, Ms } from '../core/index.js';
import { withinLag } from './stands-alone.js';
import { encodeFrames, type WireFormat } from './wire-format.js';

/** The frames of the merge window that is still open, and the headers in force at the first of them. */
export class OpenBatch {
  #frames: Frame[] = [];
  #headers: readonly Frame[] = [];

  constructor(private readonly format: WireFormat) {}

  get isEmpty(): boolean {
    return this.#frames.length === 0;
  }

  get first(): Frame | undefined {
    return this.#frames[0];
  }

  get frames(): readonly Frame[] {
    return this.#frames;
  }

  get headers(): readonly Frame[] {
    return this.#headers;
  }

  get startsWithKey(): boolean {
    const { first } = this;
    return first !== undefined && first.kind === 'video' && first.role === 'key';
  }

  add(frame: Frame, headers: readonly Frame[]): void {
    if (this.#frames.length === 0) this.#headers = headers;
    this.#frames.push(frame);
  }

  /** Its bytes, as far as it goes now. */
  encode(): Buffer {
    this.format.begin?.(this.#frames, this.#headers);
    return encodeFrames(this.format, this.#frames);
  }

  clear(): void {
    this.#frames = [];
  }

  /** Leaves the oldest frame in it. @returns the later ones, for `refill`. */
  partAfterFirst(): Frame[] {
    return this.#frames.splice(1);
  }

  refill(frames: Frame[]): void {
    this.#frames = frames;
  }

  /** Drops what is older than the bound allows. */
  keepWithin(maxLag: Ms): void {
    this.#frames = withinLag(this.#frames, maxLag);
  }
}
