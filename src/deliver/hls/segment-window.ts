import type { PlaylistEntry } from '../../protocol/m3u8/index.js';
import type { HlsKey } from './keys.js';
import { startPoint } from './start-point.js';

export interface Segment extends PlaylistEntry {
  readonly seq: number;
  /** Players can begin with it. */
  readonly independent: boolean;
  /** From the root of the HTTP server. */
  readonly path: string;
  /** Undefined once a file has them and memory is not served from. */
  bytes: Buffer | undefined;
  /** In bytes. */
  readonly size: number;
  /** What it is encrypted with. */
  readonly secret: HlsKey | undefined;
  /** How many discontinuities the segments before it have. */
  readonly discontinuitiesBefore: number;
  /** Until when it is kept, monotonic ms; undefined while it is listed. */
  keptUntil: number | undefined;
}

/** RFC 8216 §6.2.2: a playlist never becomes shorter than so many target durations. */
const SHORTEST_LIST = 3;
/** Where players can begin is listed for so many seconds longer, at most. */
const LONGER_FOR_START = 60;

/** The segments of a stream that are listed, and those that players may still ask for. */
export class SegmentWindow {
  #segments: Segment[] = [];

  /** Oldest first. */
  get kept(): readonly Segment[] {
    return this.#segments;
  }

  get listed(): readonly Segment[] {
    return this.#segments.filter(({ keptUntil }) => keptUntil === undefined);
  }

  /** Held in memory. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
  }

  add(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** Unlists everything. @param now monotonic ms. */
  retireAll(now: number): void {
    const length = seconds(this.listed);
    for (const segment of this.listed) segment.keptUntil = now + (length + segment.duration) * 1000;
  }

  /**
   * Unlists what is older than the window, and forgets what nobody can ask for any more: what left the list is kept for
   * its own duration and that of the list that had it (RFC 8216 §6.2.2). The last place where a player can begin stays.
   * @param window seconds. @param target the target duration, seconds. @returns what was forgotten.
   */
  trim(window: number, target: number, now: number): Segment[] {
    const enough = Math.max(window, SHORTEST_LIST * target);
    let length = seconds(this.listed);
    const { listed } = this;
    for (const [i, segment] of listed.entries()) {
      const rest = length - segment.duration;
      if (rest < enough) break;
      const isLastStart = segment.independent && startPoint(listed.slice(i + 1), target)?.isFar !== true;
      if (isLastStart && rest < enough + LONGER_FOR_START) break;
      segment.keptUntil = now + (length + segment.duration) * 1000;
      length = rest;
    }
    const isOver = ({ keptUntil = Number.POSITIVE_INFINITY }: Segment): boolean => keptUntil <= now;
    const kept = this.#segments.findIndex((segment) => !isOver(segment));
    return this.#segments.splice(0, Math.max(0, kept));
  }

  /** Forgets the oldest until at most `limit` bytes are held; never the newest. @returns what was forgotten. */
  shrink(limit: number): Segment[] {
    let held = this.bytes;
    let many = 0;
    for (; held > limit && many < this.#segments.length - 1; many++) held -= this.#segments[many]?.bytes?.length ?? 0;
    return this.#segments.splice(0, many);
  }

  /** Forgets everything. @returns what was held. */
  clear(): Segment[] {
    return this.#segments.splice(0);
  }
}

const seconds = (segments: readonly Segment[]): number => segments.reduce((sum, { duration }) => sum + duration, 0);
