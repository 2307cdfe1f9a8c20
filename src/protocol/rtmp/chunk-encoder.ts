import { putU24, putU32 } from './big-endian.js';
import { copyBytes } from './copy.js';
import { EXTENDED_TIMESTAMP, type OutMessage } from './wire.js';

const FMT_3 = 0xc0;
/** Csids of a one-byte and of a two-byte basic header end here. */
const ONE_BYTE_MAX = 63;
const TWO_BYTE_MAX = 319;

const basicBytes = (csid: number): number => (csid <= ONE_BYTE_MAX ? 1 : csid <= TWO_BYTE_MAX ? 2 : 3);

/** Bytes that a message takes on the wire: fmt 0 first, then fmt 3. */
export function chunkedLength(payloadLength: number, timestamp: number, chunkSize: number, csid = 3): number {
  const chunks = payloadLength <= chunkSize ? 1 : Math.ceil(payloadLength / chunkSize);
  const extended = timestamp >= EXTENDED_TIMESTAMP ? 4 : 0;
  return 11 + payloadLength + chunks * (basicBytes(csid) + extended);
}

/**
 * Writes a message as fmt 0 and fmt 3 chunks, whose bytes do not depend on what was sent before, so all players share them.
 * An extended timestamp is repeated in every chunk, as Adobe does and RTMP 1.0 §5.3.1.3 asks.
 * @param out must have room for `chunkedLength` bytes at `at`. @returns the offset after the last byte.
 */
export function writeChunks(
  out: Buffer,
  at: number,
  csid: number,
  type: number,
  streamId: number,
  timestamp: number,
  payload: Uint8Array,
  chunkSize: number,
): number {
  const { length } = payload;
  const extended = timestamp >= EXTENDED_TIMESTAMP;
  let next = writeBasicHeader(out, at, 0, csid);
  putU24(out, next, extended ? EXTENDED_TIMESTAMP : timestamp);
  putU24(out, next + 3, length);
  out[next + 6] = type;
  // Little-endian, alone in RTMP (§5.3.1.2.1).
  out[next + 7] = streamId;
  out[next + 8] = streamId >>> 8;
  out[next + 9] = streamId >>> 16;
  out[next + 10] = streamId >>> 24;
  next += 11;
  for (let done = 0; ; ) {
    if (extended) {
      putU32(out, next, timestamp);
      next += 4;
    }
    const count = Math.min(length - done, chunkSize);
    copyBytes(payload, done, count, out, next);
    next += count;
    done += count;
    if (done >= length) return next;
    next = writeBasicHeader(out, next, FMT_3, csid);
  }
}

export function encodeChunks(m: OutMessage, chunkSize: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(chunkedLength(m.payload.length, m.timestamp, chunkSize, m.csid));
  writeChunks(bytes, 0, m.csid, m.type, m.streamId, m.timestamp, m.payload, chunkSize);
  return bytes;
}

/** RTMP 1.0 §5.3.1.1. `fmt` stands in the two high bits. */
function writeBasicHeader(out: Buffer, at: number, fmt: number, csid: number): number {
  if (csid <= ONE_BYTE_MAX) {
    out[at] = fmt | csid;
    return at + 1;
  }
  const above = csid - 64;
  if (csid <= TWO_BYTE_MAX) {
    out[at] = fmt;
    out[at + 1] = above;
    return at + 2;
  }
  out[at] = fmt | 1;
  out[at + 1] = above & 0xff;
  out[at + 2] = above >> 8;
  return at + 3;
}
