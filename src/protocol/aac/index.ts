import { ProtocolError } from '../../kernel/index.js';
import { AudioType, RATES } from './fields.js';
import { readProgramConfig } from './program-config.js';

/** The core coder of an audio specific config: what ADTS can say. */
export interface AacConfig {
  /** Audio object type of the core, 1 to 4. */
  readonly objectType: number;
  readonly rateIndex: number;
  /** Channel configuration, 0 to 7. */
  readonly channels: number;
  /** Stands in front of every frame where the channel configuration is 0; else of no length. */
  readonly programConfig: Uint8Array;
}

export const ADTS_BYTES = 7;
const MAX_ADTS = 2 ** 13 - 1;
const ESCAPE = 31;
const NONE = new Uint8Array(0);

/**
 * @param config 2+ bytes from the FLV sequence header.
 * @throws {ProtocolError} AAC_CONFIG on what ADTS cannot say: a reserved or explicit sampling rate, loudspeakers that nothing names.
 * @see ISO/IEC 14496-3 table 1.15. HE-AAC encoders signal the rate twice; players want that of the core.
 */
export function readAacConfig(config: Uint8Array): AacConfig {
  const [a = 0, b = 0] = config;
  if (config.length < 2) throw new ProtocolError('AAC_CONFIG', 'AAC configuration: too short');
  const type = a >> 3;
  const rateIndex = ((a & 7) << 1) | (b >> 7);
  const channels = (b >> 3) & 0x0f;
  if (type === 0 || type === ESCAPE || rateIndex > 12 || channels > 7)
    throw new ProtocolError('AAC_CONFIG', 'AAC configuration: ADTS cannot say it', { type, rateIndex, channels });
  // SBR and PS describe an extension of an LC core; other types have no profile of their own in ADTS.
  const objectType = type > AudioType.ltp ? AudioType.lc : type;
  const programConfig = channels === 0 ? readProgramConfig(config)?.element : NONE;
  if (programConfig === undefined)
    throw new ProtocolError('AAC_CONFIG', 'AAC configuration: nothing says which channels there are', { type });
  return { objectType, rateIndex, channels, programConfig };
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

/**
 * Whether these bytes are one frame that has its ADTS header already. No raw frame begins like that: it would be an empty one.
 * @see ISO/IEC 14496-3 §1.A.2.2
 */
export function isAdts(bytes: Uint8Array): boolean {
  const [a = 0, b = 0, , d = 0, e = 0, f = 0] = bytes;
  const length = ((d & 3) << 11) | (e << 3) | (f >> 5);
  return a === 0xff && (b & 0xf6) === 0xf0 && length === bytes.length && length > ADTS_BYTES;
}

/** Samples a second of the core coder, of which a frame has 1024. */
export const coreRate = ({ rateIndex }: AacConfig): number => RATES[rateIndex] ?? 44_100;

export const fitsAdts = (frameBytes: number): boolean => frameBytes > 0 && frameBytes + ADTS_BYTES <= MAX_ADTS;

export { describeAac } from './describe.js';
