import { secondsToMs } from '../../core/index.js';
import type { Clock } from '../../kernel/index.js';
import type { HlsSettings } from './hls-settings.js';
import type { SegmenterRules } from './segmenter-rules.js';
import { grid } from './sequence.js';

/** Until the first segment has set the target, a group of pictures may be this long. */
const FIRST_LIMIT = 60_000;
/** Of the memory of a stream, one segment may have a quarter. */
export const PIECE_SHARE = 4;

/** How the segments of a stream are cut: as its vhost says, and as its playlist has announced. */
export class HlsRules implements SegmenterRules {
  readonly #isAligned: boolean;
  /** Unix time of the stream's 0, where its clock is not absolute. */
  #offset: number | undefined;

  /** @param target the target duration in s, once it is known. */
  constructor(
    private readonly settings: () => HlsSettings,
    private readonly clock: Clock,
    private readonly target: () => number | undefined,
  ) {
    // Fixed, because numbers on the grid may be lower than others, and numbers must not go back.
    this.#isAligned = settings().hls.hlsTsFloor;
  }

  isDue(start: number, at: number): boolean {
    const { fragment } = this;
    if (this.#isAligned) return grid.index(this.unix(at), fragment) > grid.index(this.unix(start), fragment);
    return at - start >= Math.min(fragment, this.#announced ?? fragment);
  }

  limit(): number {
    const { hlsAofRatio } = this.settings().hls;
    const target = this.#announced ?? Math.max(FIRST_LIMIT, this.fragment);
    if (hlsAofRatio === undefined || this.#isAligned) return target;
    return Math.min(target, hlsAofRatio * this.fragment);
  }

  isAligned(): boolean {
    return this.#isAligned;
  }

  waitsForKey(): boolean {
    return this.settings().hls.hlsWaitKeyframe;
  }

  maxBytes(): number {
    return this.settings().hls.hlsMemory / PIECE_SHARE;
  }

  carries(kind: 'audio' | 'video'): boolean {
    const { hlsAcodec, hlsVcodec } = this.settings().hls;
    return kind === 'audio' ? hlsAcodec !== 'an' : hlsVcodec !== 'vn';
  }

  countsSamples(): boolean {
    return !this.settings().hls.hlsDtsDirectly;
  }

  /** `hls_fragment` in ms. */
  get fragment(): number {
    return secondsToMs(this.settings().hls.hlsFragment);
  }

  /** A time of the stream → ms since 1970. */
  unix(at: number): number {
    if (this.settings().isAbsolute) return grid.unwrap(at, this.clock.wall());
    this.#offset ??= this.clock.wall() - at;
    return at + this.#offset;
  }

  /** Somebody publishes (again): the stream's 0 may be at another time. */
  resume(): void {
    this.#offset = undefined;
  }

  /** The target duration in ms, once it is known. */
  get #announced(): number | undefined {
    const target = this.target();
    return target === undefined ? undefined : target * 1000;
  }
}
