import { modEx, offsetAfter, packetType, skipModEx } from './ex-header.js';

const EX_CODED_FRAMES = 1;
const EX_MULTITRACK_VIDEO = 6;
const EX_MULTITRACK_AUDIO = 5;
const EX_AUDIO = 9;
const FOURCC = 4;
const CTS = 3;
const LEGACY_AAC = 10;

/**
 * Where the bytes of the codec begin in the tag body of one video track: the decoder configuration record, or length
 * prefixed NAL units.
 * @returns -1 for multitrack packets and for what has no such bytes.
 * @see FLV §E.4.3.1 (AVC, and HEVC as id 12), enhanced-rtmp-v2 "Enhanced Video".
 */
export function videoDataOffset(payload: Uint8Array): number {
  const first = payload[0] ?? 0;
  if (first < 0x80) return payload.length >= 5 ? 5 : -1;
  const start = skipModEx(payload);
  if (start < 0) return -1;
  const type = packetType(start);
  if (type === EX_MULTITRACK_VIDEO || type === modEx) return -1;
  const hasCts = type === EX_CODED_FRAMES;
  const offset = offsetAfter(start) + FOURCC + (hasCts ? CTS : 0);
  return offset <= payload.length ? offset : -1;
}

/** As `videoDataOffset`, for audio: the audio specific config or one frame of AAC, one or more frames of MP3. */
export function audioDataOffset(payload: Uint8Array): number {
  const format = (payload[0] ?? 0) >> 4;
  if (format !== EX_AUDIO) return format === LEGACY_AAC ? (payload.length >= 2 ? 2 : -1) : 1;
  const start = skipModEx(payload);
  if (start < 0) return -1;
  const type = packetType(start);
  if (type === EX_MULTITRACK_AUDIO || type === modEx) return -1;
  const offset = offsetAfter(start) + FOURCC;
  return offset <= payload.length ? offset : -1;
}
