import { type Frame, type Ms, ms } from '../core/index.js';

/** Immutable: the bytes of one merge window, encoded once for all viewers. */
export interface Batch {
  readonly bytes: Buffer;
  readonly firstDts: Ms;
  /** The headers that a viewer needs who starts here. */
  readonly headers: readonly Frame[];
}

/** A group of pictures is kept for newcomers up to this length. */
export const MAX_GOP = 60_000;

const NONE = Buffer.alloc(0);

/** The closed batches of a log, numbered without end: what is kept of them, and from where on viewers may read. */
export class BatchQueue {
  #batches: Batch[] = [];
  #pair: { readonly seq: number; readonly bytes: Buffer } | undefined;
  /** Sequence number of the oldest kept batch, and of the one that comes next. */
  tail = 0;
  head = 0;
  /** The batch that newcomers start at, or -1. */
  newestKey = -1;
  /** First batch that is within the lag bound. */
  lagFloor = 0;
  bytes = 0;
  /** Time of the newest batch, also when it is not kept any more; before the first one, of the stream. */
  newestDts = ms(0);

  at(seq: number): Batch | undefined {
    return this.#batches[seq - this.tail];
  }

  /** Two batches as one Buffer, which viewers at the same place share. */
  pairFrom(seq: number): Buffer {
    if (this.#pair?.seq !== seq) {
      const parts = [this.at(seq)?.bytes ?? NONE, this.at(seq + 1)?.bytes ?? NONE];
      this.#pair = { seq, bytes: Buffer.concat(parts) };
    }
    return this.#pair.bytes;
  }

  get newest(): Batch | undefined {
    return this.#batches.at(-1);
  }

  /** Whether a viewer at this position has fallen off, or lags more than it may. */
  isLost(position: number): boolean {
    return position < this.tail || position < this.lagFloor;
  }

  push(batch: Batch): void {
    this.#batches.push(batch);
    this.#pair = undefined;
    this.newestDts = batch.firstDts;
    this.head++;
    this.bytes += batch.bytes.length;
  }

  clear(): void {
    this.#batches = [];
    this.#pair = undefined;
    this.tail = this.head;
    this.bytes = 0;
  }

  /** Drops what neither a viewer (all are at `needed` or beyond) nor a newcomer needs. */
  trim(needed: number): void {
    const keep = this.newestKey >= this.tail ? Math.min(needed, this.newestKey) : needed;
    while (this.tail < keep && this.#batches.length > 0) this.#dropOldest();
  }

  /** The bound holds for every viewer, however slow; a group of pictures for newcomers has its own. */
  enforce(maxLag: Ms, maxBytes: number): void {
    const newest = this.newest?.firstDts ?? 0;
    while (this.lagFloor < this.head - 1) {
      const batch = this.at(this.lagFloor);
      if (batch !== undefined && newest - batch.firstDts <= maxLag) break;
      this.lagFloor++;
    }
    while (this.#batches.length > 1) {
      const oldest = this.#batches[0] as Batch;
      const isStart = this.newestKey >= 0 && this.tail >= this.newestKey;
      const wanted = isStart ? newest - oldest.firstDts <= MAX_GOP : this.tail >= this.lagFloor;
      if (wanted && this.bytes <= maxBytes) return;
      if (this.tail === this.newestKey) this.newestKey = -1;
      this.#dropOldest();
    }
  }

  #dropOldest(): void {
    const old = this.#batches.shift();
    if (old === undefined) return;
    this.bytes -= old.bytes.length;
    this.tail++;
  }
}
