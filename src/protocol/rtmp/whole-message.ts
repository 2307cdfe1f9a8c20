import type { ChunkStream } from './chunk-stream.js';
import { copyBytes } from './copy.js';

export const NOT_WHOLE = -1;

/** Only a one-byte basic header is looked for. */
const ONE_BYTE_CSIDS = 64;

/**
 * Where the message ends whose payload begins at `at`, if the rest of it is all here, chunk after chunk:
 * then it can have its memory at once. Checked byte by byte, since a header's word for the length is not enough:
 * many messages may begin in one read that is longer than each of them.
 */
export function wholeMessageEnd(s: ChunkStream, b: Uint8Array, at: number, end: number, chunkSize: number): number {
  const { length } = s;
  if (length <= chunkSize) return at + length <= end ? at + length : NOT_WHOLE;
  const last = at + length + Math.ceil(length / chunkSize) - 1;
  if (last > end || s.extended || s.csid >= ONE_BYTE_CSIDS) return NOT_WHOLE;
  const header = 0xc0 | s.csid;
  for (let i = at + chunkSize; i < last; i += chunkSize + 1) if (b[i] !== header) return NOT_WHOLE;
  return last;
}

/** The payload of such a message, without the headers in between. */
export function gather(b: Uint8Array, at: number, payload: Buffer, chunkSize: number): void {
  const { length } = payload;
  if (length <= chunkSize) return copyBytes(b, at, length, payload, 0);
  for (let done = 0, from = at; done < length; done += chunkSize, from += chunkSize + 1)
    copyBytes(b, from, Math.min(chunkSize, length - done), payload, done);
}
