import type { PictureFormat } from '../avc/index.js';
import { BitReader, withoutEmulation } from '../bit-reader.js';

const PROFILES: Readonly<Record<number, string>> = { 1: 'Main', 2: 'Main10', 3: 'Main Still Picture', 4: 'Rext' };

/** @param sps the NAL unit with its two header bytes. @see H.265 §7.3.2.2 */
export function readHevcSps(sps: Uint8Array): PictureFormat {
  const reader = new BitReader(withoutEmulation(sps.subarray(2)));
  reader.skip(4);
  const subLayers = reader.bits(3);
  reader.skip(1);
  // profile_tier_level (§7.3.3)
  reader.skip(3);
  const profile = reader.bits(5);
  reader.skip(32 + 48);
  const level = reader.bits(8);
  skipSubLayers(reader, subLayers);
  reader.ue(); // sps_seq_parameter_set_id
  const chroma = reader.ue();
  if (chroma === 3) reader.skip(1);
  const width = reader.ue();
  const height = reader.ue();
  const crop = reader.flag() === 1 ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const cropX = chroma === 1 || chroma === 2 ? 2 : 1;
  const cropY = chroma === 1 ? 2 : 1;
  return {
    profile: PROFILES[profile] ?? 'Other',
    level: `${level / 30}`,
    width: Math.max(0, width - (left + right) * cropX),
    height: Math.max(0, height - (top + bottom) * cropY),
  };
}

function skipSubLayers(reader: BitReader, count: number): void {
  if (count === 0) return;
  const present = Array.from({ length: 8 }, () => ({ profile: reader.flag(), level: reader.flag() }));
  for (const { profile, level } of present.slice(0, count)) reader.skip(profile * 88 + level * 8);
}
