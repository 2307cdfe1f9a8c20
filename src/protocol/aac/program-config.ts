import { BitReader } from '../bit-reader.js';
import { AudioType, readRate, readType } from './fields.js';

/** Which loudspeakers a frame is for, where no number of a channel configuration says it. */
export interface ProgramConfig {
  /** As an element of a raw data block, in whole bytes: the elements of a frame may follow. */
  readonly element: Uint8Array;
  readonly channels: number;
}

/** The number of the element, in front of it: 5. */
const ID_PCE = [1, 0, 1];

/**
 * The program config element of an audio specific config with channel configuration 0, as ffmpeg writes it for 5.1(side),
 * quad and 6.1. @returns undefined where there is none that can be read.
 * @see ISO/IEC 14496-3 §1.6.2.1, §4.4.1
 */
export function readProgramConfig(config: Uint8Array): ProgramConfig | undefined {
  const reader = new BitReader(config);
  let type = readType(reader);
  readRate(reader);
  if (reader.bits(4) !== 0) return undefined;
  if (type === AudioType.sbr || type === AudioType.ps) {
    readRate(reader);
    type = readType(reader);
  }
  if (type < AudioType.main || type > AudioType.ltp) return undefined;
  reader.skip(1); // frame length
  if (reader.flag() === 1) reader.skip(14); // delay of the core coder
  reader.skip(1); // extension
  return readElement(reader);
}

/** @see ISO/IEC 14496-3 table 4.2 */
function readElement(reader: BitReader): ProgramConfig | undefined {
  const bits: number[] = [...ID_PCE];
  const copy = (count: number): number => {
    const value = reader.bits(count);
    for (let i = count - 1; i >= 0; i--) bits.push((value >> i) & 1);
    return value;
  };
  copy(10); // tag, object type, rate index
  const speakers = copy(4) + copy(4) + copy(4); // in front, at the sides, in the back
  const low = copy(2);
  const data = copy(3);
  const coupling = copy(4);
  if (copy(1) === 1) copy(4); // mono mixdown
  if (copy(1) === 1) copy(4); // stereo mixdown
  if (copy(1) === 1) copy(3); // matrix mixdown
  let channels = low;
  for (let i = 0; i < speakers; i++) {
    channels += 1 + copy(1);
    copy(4);
  }
  for (let i = 0; i < low + data; i++) copy(4);
  for (let i = 0; i < coupling; i++) copy(5);
  if (reader.left < 0 || channels === 0) return undefined;
  return { element: aligned(bits), channels };
}

/** To whole bytes, and a comment of no length: the encoder's own would be sent with every frame. */
function aligned(bits: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8) + 1);
  for (const [i, bit] of bits.entries()) bytes[i >> 3] = (bytes[i >> 3] as number) | (bit << (7 - (i & 7)));
  return bytes;
}
