import { BitReader } from '../bit-reader.js';

/** What an audio specific config tells about the sound, its extensions counted in. */
export interface AacFormat {
  readonly profile: string;
  /** As heard: with SBR twice the rate of the core. 0 when reserved. */
  readonly sampleRate: number;
  readonly channels: number;
}

const RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8];
const PROFILES: Readonly<Record<number, string>> = { 1: 'Main', 2: 'LC', 3: 'SSR', 4: 'LTP', 5: 'HE', 29: 'HEv2' };
const SBR = 5;
const PS = 29;

/** @see ISO/IEC 14496-3 §1.6.2.1 */
export function describeAac(config: Uint8Array): AacFormat {
  const reader = new BitReader(config);
  const type = readType(reader);
  const core = readRate(reader);
  const channels = CHANNELS[reader.bits(4)] ?? 0;
  if (type === SBR || type === PS)
    return { profile: PROFILES[type] ?? 'Other', sampleRate: readRate(reader), channels: type === PS ? 2 : channels };
  // Encoders that keep to old players put the extension behind the core's config (§1.6.5).
  const extension = type === 2 ? readExtension(config) : undefined;
  if (extension !== undefined) return { profile: 'HE', sampleRate: extension, channels };
  return { profile: PROFILES[type] ?? 'Other', sampleRate: core, channels };
}

function readType(reader: BitReader): number {
  const type = reader.bits(5);
  return type === 31 ? 32 + reader.bits(6) : type;
}

function readRate(reader: BitReader): number {
  const index = reader.bits(4);
  return index === 15 ? reader.bits(24) : (RATES[index] ?? 0);
}

function readExtension(config: Uint8Array): number | undefined {
  if (config.length < 5) return undefined;
  const reader = new BitReader(config.subarray(2));
  if (reader.bits(11) !== 0x2b7 || reader.bits(5) !== SBR || reader.flag() === 0) return undefined;
  return readRate(reader);
}
