import { BitReader } from '../bit-reader.js';
import { AudioType, readRate, readType } from './fields.js';
import { readProgramConfig } from './program-config.js';

/** What an audio specific config tells about the sound, its extensions counted in. */
export interface AacFormat {
  readonly profile: string;
  /** As heard: with SBR twice the rate of the core. 0 when reserved. */
  readonly sampleRate: number;
  readonly channels: number;
}

const CHANNELS = [undefined, 1, 2, 3, 4, 5, 6, 8];
const PROFILES: Readonly<Record<number, string>> = { 1: 'Main', 2: 'LC', 3: 'SSR', 4: 'LTP', 5: 'HE', 29: 'HEv2' };

/** @see ISO/IEC 14496-3 §1.6.2.1 */
export function describeAac(config: Uint8Array): AacFormat {
  const reader = new BitReader(config);
  const type = readType(reader);
  const core = readRate(reader);
  const channels = CHANNELS[reader.bits(4)] ?? readProgramConfig(config)?.channels ?? 0;
  if (type === AudioType.sbr || type === AudioType.ps)
    return {
      profile: PROFILES[type] ?? 'Other',
      sampleRate: readRate(reader),
      channels: type === AudioType.ps ? 2 : channels,
    };
  // Encoders that keep to old players put the extension behind the core's config (§1.6.5).
  const extension = type === AudioType.lc ? readExtension(config) : undefined;
  if (extension !== undefined) return { profile: 'HE', sampleRate: extension, channels };
  return { profile: PROFILES[type] ?? 'Other', sampleRate: core, channels };
}

function readExtension(config: Uint8Array): number | undefined {
  if (config.length < 5) return undefined;
  const reader = new BitReader(config.subarray(2));
  if (reader.bits(11) !== 0x2b7 || reader.bits(5) !== AudioType.sbr || reader.flag() === 0) return undefined;
  return readRate(reader);
}
