import { type FlvHeader, fileHeaderBytes, type TagType, tagHeaderBytes, tagSizeBytes } from './tag.js';

/** @returns exactly 13 bytes: file header and PreviousTagSize0. @see FLV §E.2, §E.3. */
export function flvHeader({ audio, video }: FlvHeader): Buffer {
  const flags = (audio ? 4 : 0) | (video ? 1 : 0);
  return Buffer.from([0x46, 0x4c, 0x56, 1, flags, 0, 0, 0, fileHeaderBytes, 0, 0, 0, 0]);
}

/** Bytes that `writeTag` writes. */
export const tagLength = (payloadLength: number): number => tagHeaderBytes + payloadLength + tagSizeBytes;

/**
 * Tag header, body and PreviousTagSize.
 * @param timestampMs a stream's clock: a safe integer, wraps at 2^32 here.
 * @returns the offset after the tag. @throws {RangeError} when `out` is too short or the body over 2^24 - 1 bytes.
 * @see FLV §E.4.1: 24 bits of the timestamp, then its highest 8.
 */
export function writeTag(out: Buffer, at: number, type: TagType, timestampMs: number, payload: Uint8Array): number {
  const { length } = payload;
  const time = timestampMs >>> 0;
  out[at] = type;
  out.writeUIntBE(length, at + 1, 3);
  out.writeUIntBE(time & 0xff_ffff, at + 4, 3);
  out.writeUInt32BE((time & 0xff00_0000) >>> 0, at + 7); // upper byte, then stream id 0
  out.set(payload, at + tagHeaderBytes);
  return out.writeUInt32BE(tagHeaderBytes + length, at + tagHeaderBytes + length);
}
