/** A picture has a few slices; more parts than this is no picture. */
const MAX_NALS = 1024;

/**
 * The NAL units of a frame: each behind its length, as FLV wants them, or else behind start codes, as some encoders send them
 * all the same. @param out takes them. @returns false when neither fits.
 */
export const splitNals = (frame: Uint8Array, offset: number, lengthSize: number, out: Uint8Array[]): boolean =>
  byLengths(frame, offset, lengthSize, out) || byStartCodes(frame, offset, out);

function byLengths(frame: Uint8Array, offset: number, lengthSize: number, out: Uint8Array[]): boolean {
  out.length = 0;
  let at = offset;
  while (at + lengthSize <= frame.length) {
    let length = 0;
    for (let i = 0; i < lengthSize; i++) length = length * 256 + (frame[at + i] as number);
    at += lengthSize;
    if (at + length > frame.length || out.length === MAX_NALS) return false;
    if (length > 0) out.push(frame.subarray(at, at + length));
    at += length;
  }
  // Zeros that fill up the last unit; there may be fewer than a length has bytes.
  while (at < frame.length) if (frame[at++] !== 0) return false;
  return true;
}

/** @see H.264 annex B. Only where the first code has four bytes: three may be a length. */
function byStartCodes(frame: Uint8Array, offset: number, out: Uint8Array[]): boolean {
  out.length = 0;
  let begin = offset + 4;
  if (frame.length <= begin || frame[offset] !== 0 || !isStartCode(frame, offset + 1)) return false;
  for (let at = begin; at + 2 < frame.length; ) {
    // Most bytes are neither 0 nor 1: then no code is in the three that end here.
    if ((frame[at + 2] as number) > 1) at += 3;
    else if (!isStartCode(frame, at)) at++;
    else {
      if (out.length === MAX_NALS) return false;
      addUnit(frame, begin, at, out);
      at += 3;
      begin = at;
    }
  }
  addUnit(frame, begin, frame.length, out);
  return true;
}

const isStartCode = (frame: Uint8Array, at: number): boolean =>
  frame[at] === 0 && frame[at + 1] === 0 && frame[at + 2] === 1;

/** Zeros at the end belong to the start code that follows, or fill up. */
function addUnit(frame: Uint8Array, begin: number, end: number, out: Uint8Array[]): void {
  while (end > begin && frame[end - 1] === 0) end--;
  if (end > begin) out.push(frame.subarray(begin, end));
}
