import { copyBytes } from './copy.js';

const NOTHING = Buffer.alloc(0);

/** First allocation of a message that is not whole in one read: 60 csids of 500 connections may all hold one. */
const FIRST_BYTES = 128;

/** One chunk stream of the peer: the header that later chunks refer to, and the message in the making. */
export class ChunkStream {
  timestamp = 0;
  /** The last timestamp or delta as it stood on the wire, in 32 bits. */
  field = 0;
  /** `field` came as an extended timestamp, so fmt 3 chunks may repeat it. */
  extended = false;
  /** `field` is an absolute time: it came with fmt 0. */
  absolute = false;
  length = 0;
  type = 0;
  streamId = 0;
  /** A message has begun and is not complete. */
  open = false;
  received = 0;
  #partial = NOTHING;

  constructor(readonly csid: number) {}

  /** Bytes allocated for the message in the making. */
  get capacity(): number {
    return this.#partial.length;
  }

  /**
   * Memory grows with what has arrived, never on the word of a header. It doubles up to the message's length,
   * so a complete message fills it exactly.
   */
  capacityFor(need: number): number {
    return Math.min(this.length, Math.max(FIRST_BYTES, 2 * need));
  }

  grow(capacity: number): void {
    const grown = Buffer.allocUnsafeSlow(capacity);
    copyBytes(this.#partial, 0, this.received, grown, 0);
    this.#partial = grown;
  }

  /** Payload that there is room for. */
  append(bytes: Uint8Array, at: number, count: number): void {
    copyBytes(bytes, at, count, this.#partial, this.received);
    this.received += count;
  }

  /** Ends the message in the making; the stream's header stays. */
  take(): Buffer {
    const bytes = this.#partial;
    this.#partial = NOTHING;
    this.open = false;
    this.received = 0;
    return bytes;
  }
}
