import { freeze } from '../../core/index.js';
import { ProtocolError } from '../../kernel/index.js';
import { u24, u32, u32le } from './big-endian.js';
import { type ChunkLimits, defaultChunkLimits, lengthLimits } from './chunk-limits.js';
import { ChunkStream } from './chunk-stream.js';
import { copyBytes } from './copy.js';
import { gather, NOT_WHOLE, wholeMessageEnd } from './whole-message.js';
import { DEFAULT_CHUNK_SIZE, EXTENDED_TIMESTAMP, MessageType, type WireMessage } from './wire.js';

/** A header is at most 3 + 11 + 4 bytes. */
const MAX_HEADER = 18;
/** Bytes of the message header by fmt (RTMP 1.0 §5.3.1.2). */
const HEADER_BYTES = [11, 7, 3, 0] as const;
/** The first bit of the field must be 0. */
const MAX_CHUNK_SIZE = 2 ** 31 - 1;
const INCOMPLETE = -1;
/** Csids of a one-byte basic header, looked up in an array. */
const LOW_CSIDS = 64;
const NOBODY = new ChunkStream(0);
/** Shared: a server holds thousands of decoders that hardly hear anything. */
const defaultLengthLimits = lengthLimits(defaultChunkLimits);

/**
 * Reassembles RTMP messages (RTMP 1.0 §5.3). Applies Set Chunk Size and Abort itself (§5.4.1–2):
 * the next byte of the same `push` may already depend on them, so a caller would be too late.
 * Messages without payload are dropped and counted. A header is taken whole or not at all, payload as it comes.
 */
export class ChunkDecoder {
  /** Running count, so that the link can bound the work of a read that consists of 1-byte chunks. */
  chunksRead = 0;
  /** Messages without payload so far; some encoders send them between real ones. */
  emptyMessages = 0;
  chunkSize = DEFAULT_CHUNK_SIZE;

  readonly #limits: ChunkLimits;
  readonly #lengthLimits: Uint32Array;
  readonly #low: (ChunkStream | undefined)[] = [];
  readonly #high = new Map<number, ChunkStream>();
  #chunkStreams = 0;
  #partialBytes = 0;
  /** Whose payload comes next; means nothing while no bytes of a chunk are left. */
  #current = NOBODY;
  #chunkLeft = 0;
  /** The beginning of a header that was split across reads. */
  readonly #pending = new Uint8Array(MAX_HEADER);
  #pendingBytes = 0;
  /** Whether this peer repeats the extended timestamp in fmt 3 chunks: Adobe does, old ffmpeg and librtmp do not. */
  #repeatsExtended: boolean | undefined;
  #failure: ProtocolError | undefined;

  constructor(limits?: Partial<ChunkLimits>) {
    this.#limits = limits === undefined ? defaultChunkLimits : { ...defaultChunkLimits, ...limits };
    this.#lengthLimits = limits === undefined ? defaultLengthLimits : lengthLimits(this.#limits);
  }

  /** Allocated for messages that are not complete yet. */
  get partialBytes(): number {
    return this.#partialBytes;
  }

  /** @throws {ProtocolError} RTMP_*, after which the decoder is dead and its connection must close. */
  push(bytes: Uint8Array): WireMessage[] {
    if (this.#failure !== undefined) throw this.#failure;
    const out: WireMessage[] = [];
    try {
      this.#consume(bytes, out);
    } catch (error) {
      if (error instanceof ProtocolError) this.#failure = error;
      throw error;
    }
    return out;
  }

  #consume(bytes: Uint8Array, out: WireMessage[]): void {
    const end = bytes.length;
    let at = this.#pendingBytes === 0 ? 0 : this.#resumeHeader(bytes, out);
    while (at < end) {
      if (this.#chunkLeft === 0) {
        const next = this.#header(bytes, at, end);
        if (next === INCOMPLETE) {
          copyBytes(bytes, at, end - at, this.#pending, 0);
          this.#pendingBytes = end - at;
          return;
        }
        at = next;
      } else {
        at = this.#payload(bytes, at, end, out);
      }
    }
  }

  /** Completes the header that began in earlier reads. @returns how much of `bytes` is used up. */
  #resumeHeader(bytes: Uint8Array, out: WireMessage[]): number {
    const before = this.#pendingBytes;
    const taken = Math.min(bytes.length, MAX_HEADER - before);
    copyBytes(bytes, 0, taken, this.#pending, before);
    const next = this.#header(this.#pending, 0, before + taken);
    if (next === INCOMPLETE) {
      this.#pendingBytes = before + taken;
      return bytes.length;
    }
    this.#pendingBytes = 0;
    if (next >= before) return next - before;
    // Bytes looked like a repeated timestamp, until the one that just came: they were payload.
    this.#consume(this.#pending.slice(next, before), out);
    return this.#pendingBytes === 0 ? 0 : this.#resumeHeader(bytes, out);
  }

  /** Reads one chunk header and makes its chunk the current one; touches nothing when bytes are missing. */
  #header(b: Uint8Array, at: number, end: number): number {
    const fmt = (b[at] as number) >> 6;
    let csid = (b[at] as number) & 0x3f;
    let next = at + 1;
    if (csid === 0) {
      if (end - next < 1) return INCOMPLETE;
      csid = 64 + (b[next] as number);
      next += 1;
    } else if (csid === 1) {
      if (end - next < 2) return INCOMPLETE;
      csid = 64 + (b[next] as number) + (b[next + 1] as number) * 256;
      next += 2;
    }
    const known = csid < LOW_CSIDS ? this.#low[csid] : this.#high.get(csid);
    if (fmt < 3) return this.#fullHeader(b, next, end, fmt, known, csid);
    if (known === undefined) throw chunkError('a chunk stream starts without a header', { csid, fmt });
    return known.open ? this.#continuation(b, next, end, known) : this.#sameHeader(b, next, end, known);
  }

  /** Fmt 0–2 (RTMP 1.0 §5.3.1.2.1–3). On a new chunk stream librtmp sends its pings with fmt 1: counted from 0. */
  #fullHeader(
    b: Uint8Array,
    at: number,
    end: number,
    fmt: number,
    known: ChunkStream | undefined,
    csid: number,
  ): number {
    let next = at + (HEADER_BYTES[fmt] as number);
    if (next > end) return INCOMPLETE;
    let field = u24(b, at);
    const extended = field === EXTENDED_TIMESTAMP;
    if (extended) {
      if (next + 4 > end) return INCOMPLETE;
      field = u32(b, next);
      next += 4;
    }
    if (known === undefined && fmt === 2) throw chunkError('a chunk stream starts without a header', { csid, fmt });
    const s = known ?? this.#open(csid);
    if (s.open && fmt === 0) throw chunkError('a new message inside an unfinished one', { csid });
    if (fmt < 2) {
      const length = u24(b, at + 3);
      const type = b[at + 6] as number;
      if (s.open && (length !== s.length || type !== s.type))
        throw chunkError('an unfinished message changes its length or type', { csid, length, before: s.length });
      s.length = length;
      s.type = type;
    }
    if (fmt === 0) s.streamId = u32le(b, at + 7);
    s.timestamp = fmt === 0 ? field : (s.timestamp + field) >>> 0;
    s.field = field;
    s.extended = extended;
    s.absolute = fmt === 0;
    this.#enter(s);
    return next;
  }

  /**
   * Fmt 3 inside a message: four bytes equal to the extended timestamp repeat it, others are payload.
   * It is settled by the first byte that differs, so that the end of a message is never held back for bytes of the next.
   */
  #continuation(b: Uint8Array, at: number, end: number, s: ChunkStream): number {
    let next = at;
    if (s.extended) {
      let equal = 0;
      while (equal < 4 && at + equal < end && b[at + equal] === ((s.field >>> (24 - 8 * equal)) & 0xff)) equal++;
      if (equal < 4 && at + equal === end) return INCOMPLETE;
      this.#repeatsExtended = equal === 4;
      if (equal === 4) next += 4;
    }
    this.#enter(s);
    return next;
  }

  /**
   * Fmt 3 that starts a message adds the last delta again; after fmt 0 the absolute value acts as delta
   * (RTMP 1.0 §5.3.1.2.4, FMLE relies on it). An extended absolute time that is merely repeated means the same time.
   */
  #sameHeader(b: Uint8Array, at: number, end: number, s: ChunkStream): number {
    let next = at;
    let field = s.field;
    if (s.extended && this.#repeatsExtended !== false) {
      if (next + 4 > end) return INCOMPLETE;
      field = u32(b, next);
      next += 4;
    }
    if (!(s.extended && s.absolute && field === s.timestamp)) {
      s.timestamp = (s.timestamp + field) >>> 0;
      s.absolute = false;
    }
    s.field = field;
    this.#enter(s);
    return next;
  }

  #open(csid: number): ChunkStream {
    const limit = this.#limits.chunkStreams;
    if (this.#chunkStreams >= limit)
      throw new ProtocolError('RTMP_CHUNK_STREAMS', 'too many chunk streams', { csid, limit });
    this.#chunkStreams++;
    const s = new ChunkStream(csid);
    if (csid < LOW_CSIDS) this.#low[csid] = s;
    else this.#high.set(csid, s);
    return s;
  }

  /** The header is read; its payload is next. */
  #enter(s: ChunkStream): void {
    this.chunksRead++;
    if (!s.open) {
      if (s.length === 0) {
        this.emptyMessages++;
        return;
      }
      const limit = this.#lengthLimits[s.type] as number;
      if (s.length > limit)
        throw new ProtocolError('RTMP_MESSAGE_TOO_LONG', 'message length over the limit', {
          csid: s.csid,
          type: s.type,
          length: s.length,
          limit,
        });
      s.open = true;
    }
    this.#current = s;
    this.#chunkLeft = Math.min(this.chunkSize, s.length - s.received);
  }

  #payload(b: Uint8Array, at: number, end: number, out: WireMessage[]): number {
    const s = this.#current;
    if (s.received === 0) {
      const next = wholeMessageEnd(s, b, at, end, this.chunkSize);
      if (next !== NOT_WHOLE) {
        // Small ones share Node's 8 KiB slabs: an ArrayBuffer of its own costs more than the copy. The messages of a GOP
        // come and go together, so a slab is not held for one of them.
        const payload = Buffer.allocUnsafe(s.length);
        gather(b, at, payload, this.chunkSize);
        this.chunksRead += s.length <= this.chunkSize ? 0 : Math.ceil(s.length / this.chunkSize) - 1;
        s.open = false;
        this.#chunkLeft = 0;
        this.#deliver(s, payload, out);
        return next;
      }
    }
    const count = Math.min(this.#chunkLeft, end - at);
    if (s.received + count > s.capacity) this.#grow(s, s.received + count);
    s.append(b, at, count);
    this.#chunkLeft -= count;
    if (s.received === s.length) {
      this.#partialBytes -= s.capacity;
      this.#deliver(s, s.take(), out);
    }
    return at + count;
  }

  #grow(s: ChunkStream, need: number): void {
    const before = s.capacity;
    const after = s.capacityFor(need);
    const limit = this.#limits.partialBytes;
    if (this.#partialBytes - before + after > limit)
      throw new ProtocolError('RTMP_PARTIAL_BYTES', 'unfinished messages hold too many bytes', { csid: s.csid, limit });
    s.grow(after);
    this.#partialBytes += after - before;
  }

  #deliver(s: ChunkStream, payload: Buffer, out: WireMessage[]): void {
    out.push({ csid: s.csid, type: s.type, streamId: s.streamId, timestamp: s.timestamp, payload: freeze(payload) });
    if (s.type === MessageType.setChunkSize) this.#setChunkSize(payload);
    else if (s.type === MessageType.abort) this.#abort(payload);
  }

  #setChunkSize(payload: Buffer): void {
    if (payload.length < 4)
      throw new ProtocolError('RTMP_MESSAGE', 'Set Chunk Size is too short', { length: payload.length });
    const bytes = u32(payload, 0);
    if (bytes < 1 || bytes > MAX_CHUNK_SIZE)
      throw new ProtocolError('RTMP_CHUNK_SIZE', 'chunk size out of range', { bytes, limit: MAX_CHUNK_SIZE });
    // No message is longer than the limit, so all above it mean the same (RTMP 1.0 §5.4.1).
    this.chunkSize = Math.min(bytes, this.#limits.chunkSize);
  }

  #abort(payload: Buffer): void {
    if (payload.length < 4) throw new ProtocolError('RTMP_MESSAGE', 'Abort is too short', { length: payload.length });
    const csid = u32(payload, 0);
    const s = csid < LOW_CSIDS ? this.#low[csid] : this.#high.get(csid);
    if (s === undefined || !s.open) return;
    this.#partialBytes -= s.capacity;
    s.take();
  }
}

const chunkError = (message: string, context: Readonly<Record<string, unknown>>): ProtocolError =>
  new ProtocolError('RTMP_CHUNK', message, context);
