import type { Frame, FrameKind } from '../../core/index.js';
import { isMultitrack } from '../../protocol/flv/index.js';

/** A real codec configuration has some hundred bytes, metadata some thousand. */
const MAX_BYTES = 4 * 2 ** 20;
const MAX_HEADERS = 64;

/** What describes the stream to who reads it from here on: codec configurations and metadata. */
export class FileHeaders {
  readonly #frames: Map<string, Frame>;
  /** By track. */
  readonly #codecs: Map<string, string>;

  /** @param from begins as a copy of it. */
  constructor(from?: FileHeaders) {
    this.#frames = new Map(from === undefined ? [] : from.#frames);
    this.#codecs = new Map();
    for (const frame of this) this.#codecs.set(trackOf(frame), frame.codec);
  }

  has(kind: FrameKind): boolean {
    for (const track of this.#codecs.keys()) if (track.startsWith(`${kind}:`)) return true;
    return false;
  }

  /** In the order in which a file begins with them: configurations of audio and video, then what describes these. */
  *[Symbol.iterator](): Iterator<Frame> {
    for (const role of ['config', 'meta'])
      for (const frame of this.#frames.values()) if (frame.role === role && frame.kind !== 'data') yield frame;
  }

  /** AMF0 of the stream's onMetaData. */
  get metadata(): Frame['payload'] | undefined {
    return this.#frames.get('data')?.payload;
  }

  /** Remembers a header, if there is room for it. */
  set(frame: Frame): void {
    if (frame.kind !== 'data') this.turnTo(frame);
    const slot = slotOf(frame);
    const before = this.#frames.get(slot);
    let bytes = frame.payload.length - (before?.payload.length ?? 0);
    for (const { payload } of this.#frames.values()) bytes += payload.length;
    if (bytes <= MAX_BYTES && (before !== undefined || this.#frames.size < MAX_HEADERS)) this.#frames.set(slot, frame);
    else this.#frames.delete(slot);
  }

  /** The frame's track has its codec from here on: what describes another one is dropped. */
  turnTo(frame: Frame): void {
    const track = trackOf(frame);
    for (const [slot, header] of this.#frames)
      if (header.codec !== frame.codec && trackOf(header) === track) this.#frames.delete(slot);
    this.#codecs.set(track, frame.codec);
  }

  /** @returns `same` bytes as before, `other` ones, or `new`: there are none. */
  compare(frame: Frame): 'same' | 'other' | 'new' {
    const before = this.#frames.get(slotOf(frame));
    if (before === undefined) return 'new';
    return before.codec === frame.codec && before.payload.equals(frame.payload) ? 'same' : 'other';
  }

  /** Whether the frame's track has another codec so far; notes the codec of a track that is new. */
  contradicts(frame: Frame): boolean {
    const known = this.#codecs.get(trackOf(frame));
    if (known === undefined) this.#codecs.set(trackOf(frame), frame.codec);
    return known !== undefined && known !== frame.codec;
  }
}

/** Packets of several tracks together are something of their own beside the plain track with the same number (reliability R14). */
function trackOf({ kind, track, payload }: Frame): string {
  const isMulti = kind !== 'data' && isMultitrack(payload, kind);
  return `${kind}:${track}${isMulti ? ':multitrack' : ''}`;
}

/** Headers of one slot replace each other. */
const slotOf = (frame: Frame): string => (frame.kind === 'data' ? 'data' : `${trackOf(frame)}:${frame.role}`);
