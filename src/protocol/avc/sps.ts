import { BitReader, withoutEmulation } from '../bit-reader.js';

/** What a sequence parameter set tells about the pictures. */
export interface PictureFormat {
  readonly profile: string;
  readonly level: string;
  /** In pixels, as shown: cropped. */
  readonly width: number;
  readonly height: number;
}

/** Profiles whose parameter sets tell the chroma format (H.264 §7.3.2.1.1). */
const HIGH = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** Names as statistics of later releases of the original spell them. */
function profileName(profile: number, constraints: number): string {
  const set1 = (constraints & 0x40) !== 0;
  const set3 = (constraints & 0x10) !== 0;
  switch (profile) {
    case 66:
      return set1 ? 'Baseline(Constrained)' : 'Baseline';
    case 77:
      return 'Main';
    case 88:
      return 'Extended';
    case 100:
      return 'High';
    case 110:
      return set3 ? 'High(10+Intra)' : 'High(10)';
    case 122:
      return set3 ? 'High(422+Intra)' : 'High(422)';
    case 144:
      return 'High(444)';
    case 244:
      return set3 ? 'High(444+Intra)' : 'High(444+Predictive)';
    default:
      return 'Other';
  }
}

/** @param sps the NAL unit with its header byte. @see H.264 §7.3.2.1.1 */
export function readAvcSps(sps: Uint8Array): PictureFormat {
  const reader = new BitReader(withoutEmulation(sps.subarray(1)));
  const profile = reader.bits(8);
  const constraints = reader.bits(8);
  const level = reader.bits(8);
  reader.ue(); // seq_parameter_set_id
  const chroma = HIGH.has(profile) ? readChroma(reader) : 1;
  reader.ue(); // log2_max_frame_num
  const orderType = reader.ue();
  if (orderType === 0) reader.ue();
  else if (orderType === 1) {
    reader.flag();
    reader.se();
    reader.se();
    for (let left = Math.min(reader.ue(), 255); left > 0; left--) reader.se();
  }
  reader.ue(); // max_num_ref_frames
  reader.flag();
  const width = (reader.ue() + 1) * 16;
  const mapUnits = reader.ue() + 1;
  const frameOnly = reader.flag();
  if (frameOnly === 0) reader.flag();
  const height = mapUnits * 16 * (2 - frameOnly);
  reader.flag();
  const crop = reader.flag() === 1 ? [reader.ue(), reader.ue(), reader.ue(), reader.ue()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const cropX = chroma === 1 || chroma === 2 ? 2 : 1;
  const cropY = (chroma === 1 ? 2 : 1) * (2 - frameOnly);
  return {
    profile: profileName(profile, constraints),
    level: `${level / 10}`,
    width: Math.max(0, width - (left + right) * cropX),
    height: Math.max(0, height - (top + bottom) * cropY),
  };
}

/** @returns chroma_format_idc, 0 for separate planes; the reader stands behind the scaling lists. */
function readChroma(reader: BitReader): number {
  const format = reader.ue();
  const separate = format === 3 && reader.flag() === 1;
  reader.ue();
  reader.ue();
  reader.flag();
  const lists = reader.flag() === 0 ? 0 : format === 3 ? 12 : 8;
  for (let i = 0; i < lists; i++) {
    const present = reader.flag() === 1;
    if (present) skipScalingList(reader, i < 6 ? 16 : 64);
  }
  return separate ? 0 : format;
}

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  for (let i = 0; i < size; i++) {
    last = (last + reader.se() + 256) % 256;
    if (last === 0) return;
  }
}
