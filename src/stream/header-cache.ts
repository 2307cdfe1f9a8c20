import type { Frame } from '../core/index.js';

const ORDER = { data: 0, audio: 1, video: 2 } as const;

/**
 * What a newcomer needs before its first frame: metadata, then one codec configuration per track, audio before video.
 * `snapshot` is immutable and rebuilt only when something changed, so every batch of the log may point at its own.
 */
export class HeaderCache {
  readonly #byTrack = new Map<string, Frame>();
  #snapshot: readonly Frame[] | undefined;

  /**
   * Remembers metadata and configurations; ignores every other frame.
   * @param slot tells apart packets that must not replace each other (multitrack, reliability R14).
   * @returns false when the very same bytes were cached already.
   */
  update(frame: Frame, slot = ''): boolean {
    const key = `${frame.kind}:${frame.track}:${slot}`;
    const old = this.#byTrack.get(key);
    const changed = old === undefined || old.codec !== frame.codec || !old.payload.equals(frame.payload);
    this.#byTrack.set(key, frame);
    this.#snapshot = undefined;
    return changed;
  }

  clear(): void {
    this.#byTrack.clear();
    this.#snapshot = undefined;
  }

  get snapshot(): readonly Frame[] {
    this.#snapshot ??= Object.freeze([...this.#byTrack.values()].sort((a, b) => ORDER[a.kind] - ORDER[b.kind]));
    return this.#snapshot;
  }
}
