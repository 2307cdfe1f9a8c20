import type { Frame } from '../core/index.js';
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

/**
 * What a newcomer needs before its first frame: metadata, then one codec configuration per track, audio before video.
 * `snapshot` is immutable and rebuilt only when something changed, so every batch of the log may point at its own.
 */
export class HeaderCache {
  readonly #byTrack = new Map<string, Frame>();
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
    this.#snapshot = undefined;
    if (frame.payload.length > MAX_HEADER_BYTES || isFull) {
      this.#byTrack.delete(key);
      this.#bytes -= old?.payload.length ?? 0;
      return 'refused';
    }
    this.#byTrack.set(key, frame);
    this.#bytes = bytes;
    return isSame ? 'same' : 'new';
  }

  clear(): void {
    this.#byTrack.clear();
    this.#bytes = 0;
    this.#snapshot = undefined;
  }

  get snapshot(): readonly Frame[] {
    this.#snapshot ??= Object.freeze([...this.#byTrack.values()].sort((a, b) => ORDER[a.kind] - ORDER[b.kind]));
    return this.#snapshot;
  }
}
