import type { PictureFormat } from '../avc/index.js';
import { BitReader } from '../bit-reader.js';

const PROFILES = ['Main', 'High', 'Professional'];
const SEQUENCE_HEADER = 1;

/**
 * An AV1 codec configuration record (av1C).
 * @returns undefined when it is none. Without a sequence header in it the size is 0×0.
 * @see "AV1 Codec ISO Media File Format Binding" §2.3.3
 */
export function readAv1Config(record: Uint8Array): PictureFormat | undefined {
  if (record.length < 4 || record[0] !== 0x81) return undefined;
  const second = record[1] ?? 0;
  const index = second & 0x1f;
  const header = sequenceHeader(record.subarray(4));
  return {
    profile: PROFILES[second >> 5] ?? 'Other',
    level: index === 31 ? 'Maximum' : `${2 + (index >> 2)}.${index & 3}`,
    ...(header === undefined ? { width: 0, height: 0 } : readSize(new BitReader(header))),
  };
}

/** The payload of the first sequence header OBU (AV1 §5.3). */
function sequenceHeader(obus: Uint8Array): Uint8Array | undefined {
  let at = 0;
  while (at < obus.length) {
    const head = obus[at++] ?? 0;
    if ((head & 4) !== 0) at++;
    let size = obus.length - at;
    if ((head & 2) !== 0) {
      size = 0;
      for (let i = 0; i < 4; i++) {
        const byte = obus[at++] ?? 0;
        size += (byte & 0x7f) * 2 ** (7 * i);
        if (byte < 0x80) break;
      }
    }
    if (((head >> 3) & 15) === SEQUENCE_HEADER) return obus.subarray(at, at + size);
    at += size;
  }
  return undefined;
}

/** Largest size of a frame, from sequence_header_obu (AV1 §5.5.1). */
function readSize(reader: BitReader): { width: number; height: number } {
  reader.skip(4);
  if (reader.flag() === 1) reader.skip(5);
  else skipOperatingPoints(reader);
  const widthBits = reader.bits(4) + 1;
  const heightBits = reader.bits(4) + 1;
  return { width: reader.bits(widthBits) + 1, height: reader.bits(heightBits) + 1 };
}

function skipOperatingPoints(reader: BitReader): void {
  let delayBits = 0;
  if (reader.flag() === 1) {
    reader.skip(64);
    if (reader.flag() === 1) reader.ue(); // uvlc() reads like ue(v)
    if (reader.flag() === 1) {
      delayBits = reader.bits(5) + 1;
      reader.skip(42);
    }
  }
  const displayDelay = reader.flag();
  for (let points = reader.bits(5) + 1; points > 0; points--) {
    reader.skip(12);
    if (reader.bits(5) > 7) reader.skip(1);
    if (delayBits > 0 && reader.flag() === 1) reader.skip(2 * delayBits + 1);
    if (displayDelay === 1 && reader.flag() === 1) reader.skip(4);
  }
}
