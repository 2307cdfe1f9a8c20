import type { Frame } from '../../core/index.js';
import { Groups } from './groups.js';
import type { OpenPiece } from './open-piece.js';
import type { PublishTracks } from './publish-tracks.js';
import type { SegmenterRules } from './segmenter-rules.js';

/** What a cut is for: `forced` ones are in the middle of a group of pictures, because the piece would be too long or too big. */
export type Cut = 'wanted' | 'forced';

/** A shorter piece is not worth it, ms. */
export const SHORTEST = 100;
/** Rounds down to the target still. Groups of 60 pictures at 29.97/s are 2.002 s: they must not be cut in front of their end. */
export const OVER_LIMIT = 499;
/** How far over the limit a cut is forced: the frame that causes it must fit below OVER_LIMIT. */
const FORCED_OVER_LIMIT = 400;

/** Whether the piece at hand ends in front of a frame (spec/hls.md §3). */
export class CutRule {
  #groups = new Groups();

  constructor(
    private readonly rules: SegmenterRules,
    private readonly tracks: PublishTracks,
    private readonly piece: OpenPiece,
  ) {}

  /** Another publish begins. */
  reset(): void {
    this.#groups = new Groups();
  }

  /** Learns from a frame, after it was asked about it. */
  see(frame: Frame): void {
    this.#groups.see(frame);
  }

  cutBefore({ kind, role, dts, cts }: Frame): Cut | undefined {
    const { rules, tracks, piece } = this;
    if (!piece.isWritten || dts < piece.start) return undefined;
    const isDue = rules.isDue(piece.start, dts);
    if (kind === 'video' && role === 'key')
      return tracks.hasChanged || isDue || this.#isShownLongEnough(dts + cts) || this.#isRepaired(dts)
        ? 'wanted'
        : undefined;
    const hasVideo = piece.tracks.video !== undefined;
    const audioAlone = !hasVideo && tracks.seen.video === undefined;
    if (audioAlone && (tracks.hasChanged || isDue)) return 'wanted';
    if (isDue && kind === 'video' && !rules.waitsForKey()) return 'wanted';
    if (!this.#isTooLong(dts) && piece.length < rules.maxBytes()) return undefined;
    return hasVideo ? 'forced' : 'wanted';
  }

  /**
   * Of open groups the key frames are decoded a frame or two early or late (x264 with open-gop, x265), and shown in time.
   * Not on the grid, which counts decode times.
   */
  #isShownLongEnough(at: number): boolean {
    const { shownFrom } = this.piece;
    return shownFrom !== undefined && !this.rules.isAligned() && this.rules.isDue(shownFrom, at);
  }

  #isTooLong(at: number): boolean {
    const { start } = this.piece;
    const most = this.rules.limit() + FORCED_OVER_LIMIT;
    if (at - start >= most) return true;
    // On the grid each cut takes a number.
    if (this.rules.isAligned()) return false;
    const end = this.#groups.partEnd(start, most);
    return end !== undefined && at >= end;
  }

  /**
   * After a forced cut a key frame begins a piece whatever its time: else every piece from there on could begin, and be
   * cut, in the middle of a group. Not on the grid, where it would take a number.
   */
  #isRepaired(at: number): boolean {
    const { isForced, beginsWithKey, start } = this.piece;
    return isForced && !beginsWithKey && at - start >= SHORTEST && !this.rules.isAligned();
  }
}
