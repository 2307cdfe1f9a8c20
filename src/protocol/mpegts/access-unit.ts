import { NalKind, nalKind } from './nal-kinds.js';
import { ParameterSets, START_CODE } from './parameter-sets.js';
import { splitNals } from './split-nals.js';
import type { VideoTrack } from './tables.js';

/** Access unit delimiters for any kind of picture. */
const DELIMITER = {
  avc: Uint8Array.from([0, 0, 0, 1, 9, 0xf0]),
  hevc: Uint8Array.from([0, 0, 0, 1, 0x46, 0x01, 0x50]),
} as const;
/** Messages that wait for a picture, with their start codes. */
const MAX_WAITING = 2 * 16;
/** Parameter sets have some hundred bytes. What is beyond this in a picture is written where it stands, and not kept. */
const MAX_SET_BYTES = 16 * 1024;

export interface VideoConfig {
  readonly track: VideoTrack;
  /** As it came. */
  readonly record: Uint8Array;
  /** Bytes of the length before each NAL unit. */
  readonly lengthSize: number;
  /** Parameter sets. */
  readonly sets: readonly Uint8Array[];
}

/**
 * Frames of one codec configuration → access units in Annex B: a delimiter, the parameter sets in force where players may
 * start, and the frame's own NAL units. One frame at a time: first `read`, then what there is to know of it.
 */
export class AccessUnit {
  /** The bytes of the unit, in order; valid until the next `read`. */
  readonly parts: Uint8Array[] = [];
  /** The frame that was read has a slice. */
  hasPicture = false;
  readonly #sets: ParameterSets;
  readonly #nals: Uint8Array[] = [];
  /** SEI messages of frames without a picture: they speak of the next one. */
  readonly #waiting: Uint8Array[] = [];
  /** Parameter sets of the frame. */
  readonly #own: Uint8Array[] = [];
  /** The sequence of the last picture. */
  #shown: number | undefined;

  constructor(readonly config: VideoConfig) {
    this.#sets = new ParameterSets(config.track, config.sets);
  }

  /** Takes a frame to pieces. @returns false when it is damaged. */
  read(frame: Uint8Array, offset: number): boolean {
    const { track, lengthSize } = this.config;
    this.parts.length = 0;
    this.parts.push(DELIMITER[track]);
    this.#own.length = 0;
    this.hasPicture = false;
    if (!splitNals(frame, offset, lengthSize, this.#nals)) return false;
    let ownBytes = 0;
    for (const nal of this.#nals) {
      const kind = nalKind(track, nal[0] as number);
      // Ours stands in front already.
      if (kind === NalKind.delimiter) continue;
      if (kind <= NalKind.pps && ownBytes + nal.length <= MAX_SET_BYTES) {
        this.#own.push(nal);
        ownBytes += nal.length;
      } else this.parts.push(START_CODE, nal);
      if (kind === NalKind.slice) this.hasPicture = true;
    }
    return true;
  }

  /** Whether pictures can be decoded: a configuration may leave that to the first of them. */
  get isConfigured(): boolean {
    return this.#sets.hasSequence;
  }

  /** Whether the frame that was read begins another sequence than that of the pictures before. */
  get beginsSequence(): boolean {
    if (this.#shown === undefined) return false;
    return this.#shown !== this.#sets.sequence || this.#own.some((set) => this.#sets.beginsSequence(set));
  }

  /**
   * Puts the unit together. @param withSets players may start here.
   * @returns its bytes; 0 when there is no picture: then the next one takes over what there is.
   */
  complete(withSets: boolean): number {
    if (this.#own.length > 0) this.#sets.take(this.#own);
    if (!this.hasPicture) {
      this.#keepMessages();
      return 0;
    }
    this.#shown = this.#sets.sequence;
    if (this.#waiting.length > 0) this.parts.splice(1, 0, ...this.#waiting.splice(0));
    if (withSets || this.#own.length > 0) this.parts.splice(1, 0, ...this.#sets.all);
    let length = 0;
    for (const part of this.parts) length += part.length;
    return length;
  }

  #keepMessages(): void {
    for (let i = 2; i < this.parts.length && this.#waiting.length < MAX_WAITING; i += 2) {
      const nal = this.parts[i] as Uint8Array;
      if (nalKind(this.config.track, nal[0] ?? 0) === NalKind.sei) this.#waiting.push(START_CODE, nal);
    }
  }
}
