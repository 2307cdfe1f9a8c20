import type { Frame, Ms } from '../core/index.js';

export interface GopLimits {
  readonly frames: number;
  readonly bytes: number;
  readonly span: Ms;
}

/** Audio frames after the last video frame that tell that video has stopped (about 3 s of AAC). */
const AUDIO_WITHOUT_VIDEO = 115;

/**
 * The frames since the newest key frame, so that a newcomer sees a picture at once.
 * Bounded in frames, bytes and time; pure audio keeps none (reliability R8).
 */
export class GopCache {
  #frames: Frame[] = [];
  #bytes = 0;
  #audioSinceVideo = 0;
  #headers: readonly Frame[] = [];

  constructor(
    readonly limits: GopLimits,
    public enabled = true,
  ) {}

  /**
   * @param headers the header snapshot in force when the frame arrived.
   * @returns false when the group had to be dropped with this frame: nobody may start from it any more.
   */
  add(frame: Frame, headers: readonly Frame[]): boolean {
    if (!this.enabled) return true;
    if (frame.kind === 'video' && frame.role === 'key') {
      this.clear();
      this.#headers = headers;
    } else if (this.#frames.length === 0) return true;
    if (frame.kind === 'video') this.#audioSinceVideo = 0;
    else if (frame.kind === 'audio') this.#audioSinceVideo++;
    this.#frames.push(frame);
    this.#bytes += frame.payload.length;
    const { frames, bytes, span } = this.limits;
    const first = this.#frames[0] ?? frame;
    const tooLong = this.#frames.length > frames || this.#bytes > bytes || frame.dts - first.dts > span;
    if (!tooLong && this.#audioSinceVideo <= AUDIO_WITHOUT_VIDEO) return true;
    this.clear();
    return false;
  }

  clear(): void {
    this.#frames = [];
    this.#bytes = 0;
    this.#audioSinceVideo = 0;
  }

  /** Empty when there is no key frame to start from. */
  get frames(): readonly Frame[] {
    return this.#frames;
  }

  /** The headers that the first cached frame belongs to. */
  get headers(): readonly Frame[] {
    return this.#headers;
  }
}
