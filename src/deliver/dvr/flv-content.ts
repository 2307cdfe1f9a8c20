import { type Frame, type Ms, ms } from '../../core/index.js';
import { TagType, tagLength, writeTag } from '../../protocol/flv/index.js';
import { Timeline } from '../../stream/index.js';
import { fileFront } from './file-front.js';
import type { FileMetadata } from './file-metadata.js';
import { FileSpan } from './file-span.js';
import { KeyIndex } from './key-index.js';

const TYPE = { audio: TagType.audio, video: TagType.video, data: TagType.script } as const;

/** How a file's clock goes (`dvr { time_jitter }`). */
export type FileClock = 'full' | 'zero' | 'off';

/** How far a file has come. */
export interface Reached {
  /** Bytes of the file. */
  readonly size: number;
  readonly duration: Ms;
}

/** Bytes for the end of a file, and how far it is with them. */
export interface Batch extends Reached {
  readonly bytes: Buffer;
}

/**
 * What stands in an FLV file, from its first byte on (spec/media.md §3.3): a clock of its own, sizes, the index of key
 * frames. Without I/O: batches are taken out to be written.
 */
export class FlvContent {
  readonly #timeline: Timeline;
  readonly #keys: KeyIndex;
  readonly #span = new FileSpan();
  #waiting: { type: TagType; time: number; payload: Uint8Array }[] = [];
  #waitingBytes = 0;
  #size: number;
  #hasFront = false;

  constructor(
    private readonly metadata: FileMetadata,
    clock: FileClock,
  ) {
    this.#timeline = new Timeline({ startAtZero: clock !== 'off', repairLeaps: clock === 'full' });
    this.#keys = new KeyIndex(metadata.room);
    this.#size = fileFront(this.#span.kinds, metadata).length;
  }

  /** Bytes that were not taken out so far. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Those that wait included. */
  get reached(): Reached {
    return { size: this.#size, duration: this.#span.duration };
  }

  /** @param now monotonic, ms. */
  append({ kind, role, dts, payload }: Frame, now: number): void {
    const isHeader = kind === 'data' || role === 'config' || role === 'meta';
    // Headers have the time of what is there already: they do not move the clock.
    const time = isHeader ? ms(this.#span.last) : this.#timeline.stamp(kind, dts >>> 0, now);
    // Players take the first point for the sequence header, as other writers make it one.
    if (kind === 'video' && (role === 'key' || (role === 'config' && this.#span.isEmpty)))
      this.#keys.add({ time: time / 1000, position: this.#size });
    if (!isHeader) this.#span.note(kind, time);
    this.#waiting.push({ type: TYPE[kind], time, payload });
    const length = tagLength(payload.length);
    this.#waitingBytes += length;
    this.#size += length;
  }

  /** All that waits, in one piece. @returns undefined when nothing does. */
  take(): Batch | undefined {
    if (this.#waiting.length === 0) return undefined;
    const front = this.#hasFront ? Buffer.alloc(0) : fileFront(this.#span.kinds, this.metadata);
    this.#hasFront = true;
    const bytes = Buffer.allocUnsafe(front.length + this.#waitingBytes);
    let at = front.copy(bytes);
    for (const { type, time, payload } of this.#waiting) at = writeTag(bytes, at, type, time, payload);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return { bytes, ...this.reached };
  }

  /** What replaces the first bytes of a file that has come so far and goes no further. */
  closing({ size, duration }: Reached): Buffer {
    const facts = { duration: duration / 1000, filesize: size, keys: this.#keys.within(size) };
    return fileFront(this.#span.kinds, this.metadata, facts);
  }
}
