import { ProtocolError } from '../../kernel/index.js';

/** What an AVC decoder configuration record says. */
export interface AvcConfig {
  /** Bytes of the length before each NAL unit: 1, 2 or 4. */
  readonly lengthSize: number;
  /** None, as of the PPS, when they are in the pictures (`avc3`). */
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

const malformed = (why: string): ProtocolError => new ProtocolError('AVC_CONFIG', `AVC configuration: ${why}`);

/** @throws {ProtocolError} AVC_CONFIG. @see ISO/IEC 14496-15 §5.3.3.1 */
export function readAvcConfig(record: Uint8Array): AvcConfig {
  if (record.length < 7) throw malformed('too short');
  let at = 5;
  const sets = (count: number): Uint8Array[] => {
    const list: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      const length = ((record[at] ?? 0) << 8) | (record[at + 1] ?? 0);
      if (at + 2 + length > record.length || length === 0) throw malformed('a parameter set is cut off');
      list.push(record.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    return list;
  };
  const sps = sets((record[at++] ?? 0) & 0x1f);
  if (at >= record.length) throw malformed('no picture parameter sets');
  const pps = sets(record[at++] ?? 0);
  return { lengthSize: ((record[4] ?? 0) & 3) + 1, sps, pps };
}

export { type PictureFormat, readAvcSps } from './sps.js';
