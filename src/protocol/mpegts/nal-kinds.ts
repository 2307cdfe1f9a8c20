import type { VideoTrack } from './tables.js';

/** What a NAL unit is to the muxer. Parameter sets are numbered in the order in which decoders need them. */
export const NalKind = { vps: 0, sps: 1, pps: 2, other: 3, delimiter: 4, slice: 5 } as const;
export type NalKind = (typeof NalKind)[keyof typeof NalKind];

const { vps, sps, pps, other, delimiter, slice } = NalKind;

/** By type. @see H.264 table 7-1 */
const AVC: readonly NalKind[] = [other, slice, slice, slice, slice, slice, other, sps, pps, delimiter];
/** From type 32 on; what is below are slices. @see H.265 table 7-1 */
const HEVC: readonly NalKind[] = [vps, sps, pps, delimiter];

/** @param firstByte of the NAL unit. */
export function nalKind(track: VideoTrack, firstByte: number): NalKind {
  if (track === 'avc') return AVC[firstByte & 0x1f] ?? other;
  const type = (firstByte >> 1) & 0x3f;
  return type < 32 ? slice : (HEVC[type - 32] ?? other);
}

/** Bytes of the header of a NAL unit. */
export const nalHeader = (track: VideoTrack): number => (track === 'avc' ? 1 : 2);
