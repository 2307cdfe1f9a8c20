import type { Codec, Frame } from '../core/index.js';
import { isMultitrack } from '../protocol/flv/index.js';

const ORDER = { data: 0, audio: 1, video: 2 } as const;
/** A real codec configuration has some hundred bytes, metadata some thousand. */
const MAX_HEADER_BYTES = 2 ** 20;
const MAX_BYTES = 4 * 2 ** 20;
const MAX_HEADERS = 64;

/** Where a frame belongs in the header cache: packets of one slot replace each other. Undefined: not a header. */
export function headerSlot(frame: Frame): string | undefined {
  const { kind, role, payload } = frame;
  if (role !== 'config' && role !== 'meta') return undefined;
  if (kind === 'data') return role === 'meta' ? 'metadata' : undefined;
  // Legacy video command frames (seek marks) are `meta` too, but describe nothing that a newcomer needs.
  if (role === 'meta' && (frame.codec === 'none' || (kind === 'video' && (payload[0] ?? 0) < 0x80))) return undefined;
  return isMultitrack(payload, kind) ? `${role}:multitrack` : role;
}

const isEnhanced = (kind: Frame['kind'], [first = 0]: Uint8Array): boolean =>
  kind === 'video' ? first >= 0x80 : first >> 4 === 9;

/** Where the configuration of the first track is, unless it came in a multitrack packet. */
const plainConfig = (kind: Frame['kind']): string => `${kind}:0:config`;

/**
 * What a newcomer needs before its first frame: metadata, then one codec configuration per track, audio before video.
 * `snapshot` is immutable and rebuilt only when something changed, so every batch of the log may point at its own.
 */
export class HeaderCache {
  readonly #byTrack = new Map<string, Frame>();
  /** Of the plain configurations of the first tracks. */
  readonly #codecs = new Map<Frame['kind'], Codec>();
  #bytes = 0;
  #snapshot: readonly Frame[] | undefined;

  /**
   * Remembers metadata or a configuration.
   * @param slot as `headerSlot` has it: tells apart packets that must not replace each other (multitrack, reliability R14).
   * @returns `same` when the very same bytes were cached already; `refused` when it is too large, or the cache is full:
   * then nothing of its slot is cached.
   */
  update(frame: Frame, slot = ''): 'new' | 'same' | 'refused' {
    const key = `${frame.kind}:${frame.track}:${slot}`;
    const old = this.#byTrack.get(key);
    const isSame = old?.codec === frame.codec && old.payload.equals(frame.payload);
    const bytes = this.#bytes - (old?.payload.length ?? 0) + frame.payload.length;
    const isFull = bytes > MAX_BYTES || (old === undefined && this.#byTrack.size >= MAX_HEADERS);
    if (frame.payload.length > MAX_HEADER_BYTES || isFull) {
      this.#forget(key);
      return 'refused';
    }
    this.#snapshot = undefined;
    if (key === plainConfig(frame.kind)) this.#codecs.set(frame.kind, frame.codec);
    this.#byTrack.set(key, frame);
    this.#bytes = bytes;
    return isSame ? 'same' : 'new';
  }

  /**
   * Coded media: the configuration of another codec, such as AAC before MP3 within a publish, does not describe it.
   * Codecs of Enhanced RTMP have configurations of their own, and what is not known there says nothing.
   */
  media({ kind, codec, payload }: Frame): void {
    const configured = this.#codecs.get(kind);
    if (configured === undefined || configured === codec || codec === 'none' || isEnhanced(kind, payload)) return;
    this.#forget(plainConfig(kind));
    this.#codecs.delete(kind);
  }

  #forget(key: string): void {
    this.#bytes -= this.#byTrack.get(key)?.payload.length ?? 0;
    this.#byTrack.delete(key);
    this.#snapshot = undefined;
  }

  clear(): void {
    this.#byTrack.clear();
    this.#codecs.clear();
    this.#bytes = 0;
    this.#snapshot = undefined;
  }

  get snapshot(): readonly Frame[] {
    this.#snapshot ??= Object.freeze([...this.#byTrack.values()].sort((a, b) => ORDER[a.kind] - ORDER[b.kind]));
    return this.#snapshot;
  }
}
