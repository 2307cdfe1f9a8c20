import type { Frame, Ms } from '../core/index.js';

/** Streams without key frames (intra refresh) are let through after this much video. */
const PATIENCE = 10_000;

/**
 * A publish that starts in the middle of a GOP (an encoder that reconnected) would show garbage until its next key
 * frame: its video is held back until then, for every output at once.
 */
export class KeyGate {
  #open = false;
  #since: Ms | undefined;

  close(): void {
    this.#open = false;
    this.#since = undefined;
  }

  /** @returns whether the frame may pass. */
  admits(frame: Frame): boolean {
    if (this.#open || frame.kind !== 'video') return true;
    if (frame.role === 'config' || frame.role === 'meta') return true;
    this.#since ??= frame.dts;
    if (frame.role !== 'key' && frame.dts - this.#since < PATIENCE) return false;
    this.#open = true;
    return true;
  }
}
