import type { BitReader } from '../bit-reader.js';

/** Samples a second by rate index. @see ISO/IEC 14496-3 table 1.18 */
export const RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
];

/** Audio object types (table 1.17). SBR and PS describe an extension of a core coder. */
export const AudioType = { main: 1, lc: 2, ltp: 4, sbr: 5, ps: 29 } as const;

export function readType(reader: BitReader): number {
  const type = reader.bits(5);
  return type === 31 ? 32 + reader.bits(6) : type;
}

/** @returns samples a second, 0 when reserved. */
export function readRate(reader: BitReader): number {
  const index = reader.bits(4);
  return index === 15 ? reader.bits(24) : (RATES[index] ?? 0);
}
