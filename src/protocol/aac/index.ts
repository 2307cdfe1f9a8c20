import { ProtocolError } from '../../kernel/index.js';

/** The core coder of an audio specific config: what ADTS can say. */
export interface AacConfig {
  /** Audio object type of the core, 1 to 4. */
  readonly objectType: number;
  readonly rateIndex: number;
  /** Channel configuration, 0 to 7. */
  readonly channels: number;
}

export const ADTS_BYTES = 7;
const MAX_ADTS = 2 ** 13 - 1;
const LC = 2;
const SBR = 5;
const PS = 29;
const ESCAPE = 31;

/**
 * @param config 2+ bytes from the FLV sequence header.
 * @throws {ProtocolError} AAC_CONFIG on what ADTS can not say: a reserved or explicit sampling rate.
 * @see ISO/IEC 14496-3 table 1.15. HE-AAC encoders signal the rate twice; players want that of the core.
 */
export function readAacConfig(config: Uint8Array): AacConfig {
  const [a = 0, b = 0] = config;
  if (config.length < 2) throw new ProtocolError('AAC_CONFIG', 'AAC configuration: too short');
  const type = a >> 3;
  const rateIndex = ((a & 7) << 1) | (b >> 7);
  const channels = (b >> 3) & 0x0f;
  if (type === 0 || type === ESCAPE || rateIndex > 12 || channels > 7)
    throw new ProtocolError('AAC_CONFIG', 'AAC configuration: ADTS can not say it', { type, rateIndex, channels });
  // SBR and PS describe an extension of an LC core; other types have no profile of their own in ADTS.
  const objectType = type === SBR || type === PS || type > 4 ? LC : type;
  return { objectType, rateIndex, channels };
}

/** Writes an ADTS header without CRC. @param frameBytes raw frame, header not included; at most 8184. @see 1.A.2.2 */
export function writeAdts(out: Uint8Array, at: number, config: AacConfig, frameBytes: number): void {
  const length = frameBytes + ADTS_BYTES;
  out[at] = 0xff;
  out[at + 1] = 0xf1; // MPEG-4, no CRC
  out[at + 2] = ((config.objectType - 1) << 6) | (config.rateIndex << 2) | (config.channels >> 2);
  out[at + 3] = ((config.channels & 3) << 6) | (length >> 11);
  out[at + 4] = (length >> 3) & 0xff;
  out[at + 5] = ((length & 7) << 5) | 0x1f;
  out[at + 6] = 0xfc;
}

/** Samples a second by rate index. @see ISO/IEC 14496-3 table 1.18 */
const RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];

/** Samples a second of the core coder, of which a frame has 1024. */
export const coreRate = ({ rateIndex }: AacConfig): number => RATES[rateIndex] ?? 44_100;

export const fitsAdts = (frameBytes: number): boolean => frameBytes > 0 && frameBytes + ADTS_BYTES <= MAX_ADTS;

export { describeAac } from './describe.js';
