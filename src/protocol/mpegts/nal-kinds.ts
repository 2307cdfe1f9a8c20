import type { VideoTrack } from './tables.js';

/** What a NAL unit is to the muxer; in front of a picture they stand in this order. SEI of HEVC: that of a prefix. */
export const NalKind = { vps: 0, sps: 1, pps: 2, sei: 3, other: 4, delimiter: 5, slice: 6 } as const;
export type NalKind = (typeof NalKind)[keyof typeof NalKind];

const { vps, sps, pps, sei, other, delimiter, slice } = NalKind;

/** By type. @see H.264 table 7-1 */
const AVC: readonly NalKind[] = [other, slice, slice, slice, slice, slice, sei, sps, pps, delimiter];
/** From type 32 on; what is below are slices. @see H.265 table 7-1 */
const HEVC: readonly NalKind[] = [vps, sps, pps, delimiter, other, other, other, sei];

/** @param firstByte of the NAL unit. */
export function nalKind(track: VideoTrack, firstByte: number): NalKind {
  if (track === 'avc') return AVC[firstByte & 0x1f] ?? other;
  const type = (firstByte >> 1) & 0x3f;
  return type < 32 ? slice : (HEVC[type - 32] ?? other);
}

/** Bytes of the header of a NAL unit. */
export const nalHeader = (track: VideoTrack): number => (track === 'avc' ? 1 : 2);
