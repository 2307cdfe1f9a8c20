import type { Frame, Ms } from '../core/index.js';
import { standsAlone } from './stands-alone.js';
import type { Viewer } from './viewer.js';
import { encodeFrames, type WireFormat } from './wire-format.js';

/** A stream without key frames (intra refresh) is joined anyway after this much of it. */
export const MAX_KEY_WAIT = 10_000;

/** The viewers of a log that wait for a picture: until a key frame comes they hear audio and see headers. */
export class KeyWait {
  readonly #viewers = new Set<Viewer>();

  constructor(private readonly format: WireFormat) {}

  /** @param head the batch that comes next. @param now on the stream's clock. */
  enter(viewer: Viewer, head: number, now: Ms): void {
    viewer.state = 'waiting';
    viewer.waitingSince = now;
    viewer.position = head;
    viewer.offset = 0;
    this.#viewers.add(viewer);
  }

  /** The viewer does not wait any more, if it did. The caller says what it does instead. */
  leave(viewer: Viewer): void {
    this.#viewers.delete(viewer);
  }

  /**
   * Batch `head` is closed: if it starts with a key frame all go on with it, else they get what they can use of it.
   */
  serve(frames: readonly Frame[], startsWithKey: boolean, head: number): void {
    if (this.#viewers.size === 0) return;
    const hasVideo = frames.some((f) => f.kind === 'video' && f.role !== 'config' && f.role !== 'meta');
    const now = frames[0]?.dts ?? 0;
    let rest: Buffer | undefined;
    for (const viewer of this.#viewers) {
      if (startsWithKey || (hasVideo && now - viewer.waitingSince > MAX_KEY_WAIT)) {
        this.#viewers.delete(viewer);
        viewer.state = 'live';
        viewer.position = head;
        continue;
      }
      viewer.position = head + 1;
      rest ??= encodeFrames(this.format, frames.filter(standsAlone));
      if (rest.length === 0) continue;
      if (!viewer.sink.writable || viewer.stalled) viewer.lacksHeaders = true;
      else viewer.write(rest);
    }
  }
}
