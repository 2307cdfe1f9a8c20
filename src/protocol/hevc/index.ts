import { ProtocolError } from '../../kernel/index.js';

/** What an HEVC decoder configuration record says. */
export interface HevcConfig {
  /** Bytes of the length before each NAL unit: 1, 2 or 4. */
  readonly lengthSize: number;
  /** VPS, SPS, PPS and whatever else it holds, in its order; none when they are in the pictures (`hev1`). */
  readonly sets: readonly Uint8Array[];
}

const malformed = (why: string): ProtocolError => new ProtocolError('HEVC_CONFIG', `HEVC configuration: ${why}`);

/** @throws {ProtocolError} HEVC_CONFIG. @see ISO/IEC 14496-15 §8.3.3.1 */
export function readHevcConfig(record: Uint8Array): HevcConfig {
  if (record.length < 23) throw malformed('too short');
  const sets: Uint8Array[] = [];
  let at = 23;
  for (let arrays = record[22] ?? 0; arrays > 0; arrays--) {
    const count = ((record[at + 1] ?? 0) << 8) | (record[at + 2] ?? 0);
    at += 3;
    for (let i = 0; i < count; i++) {
      const length = ((record[at] ?? 0) << 8) | (record[at + 1] ?? 0);
      if (at + 2 + length > record.length || length === 0) throw malformed('a parameter set is cut off');
      sets.push(record.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return { lengthSize: ((record[21] ?? 0) & 3) + 1, sets };
}

export const HevcNal = { vps: 32, sps: 33, pps: 34, aud: 35 } as const;
export const hevcNalType = (firstByte: number): number => (firstByte >> 1) & 0x3f;

export { readHevcSps } from './sps.js';
