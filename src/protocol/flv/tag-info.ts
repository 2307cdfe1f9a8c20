import type { FrameInfo } from '../../core/index.js';
import { isExMultitrack, readExAudioTag, readExVideoTag } from './ex-tag-info.js';
import { codedRole, FrameType, frameInfo, int24At, sharedInfo } from './frame-info.js';

/** Codec ids of FLV §E.4.3.1; 12 is what Chinese CDNs and their encoders use for HEVC, laid out like AVC. */
const videoCodecs: Readonly<Record<number, string>> = {
  2: 'sorenson',
  3: 'screen',
  4: 'vp6',
  5: 'vp6a',
  6: 'screen2',
  7: 'avc',
  12: 'hevc',
};
const videoCodec = (id: number): string => videoCodecs[id] ?? `video:${id}`;
const avc = 7;
const hevc = 12;

/** Sound formats of FLV §E.4.2.1; 13 is not official. */
const audioCodecs = [
  'pcm',
  'adpcm',
  'mp3',
  'pcm-le',
  'nellymoser16',
  'nellymoser8',
  'nellymoser',
  'g711a',
  'g711u',
  'none', // the extended header, which names its codec itself
  'aac',
  'speex',
  'audio:12',
  'opus',
  'mp3-8k',
  'device',
];
const exHeader = 9;
const aac = 10;

const emptyVideo = sharedInfo('none', 'inter');
const emptyAudio = sharedInfo('none', 'audio');
const audioInfos = audioCodecs.map((codec) => sharedInfo(codec, 'audio'));
const aacConfig = sharedInfo('aac', 'config');
const aacEmptyConfig = sharedInfo('aac', 'end');
/** Results of frames without composition time, by codec id. */
const videoInfos = {
  key: infosOf('key'),
  inter: infosOf('inter'),
  config: infosOf('config'),
  end: infosOf('end'),
  meta: infosOf('meta'),
};

function infosOf(role: 'key' | 'inter' | 'config' | 'end' | 'meta'): FrameInfo[] {
  return Array.from({ length: 16 }, (_, id) => sharedInfo(videoCodec(id), role));
}

/**
 * Codec, role, composition time and track of a video tag body, from its first bytes.
 * Never throws: an empty body is codec `none`, a truncated or unknown header role `inter`, which nobody caches or starts at,
 * a sequence header with nothing in it role `end`, so that it does not take the place of one that says something.
 * @see FLV (video_file_format_spec_v10_1.pdf) §E.4.3; enhanced-rtmp-v2 "Enhanced Video".
 */
export function readVideoTag(payload: Uint8Array): FrameInfo {
  const first = payload[0];
  if (first === undefined) return emptyVideo;
  if (first >= 0x80) return readExVideoTag(payload);
  const frameType = first >> 4;
  const codec = first & 0x0f;
  if (frameType === FrameType.command) return videoInfos.meta[codec] as FrameInfo;
  if (codec === avc || codec === hevc) return readAvcTag(payload, frameType, codec);
  return (codedRole(frameType) === 'key' ? videoInfos.key : videoInfos.inter)[codec] as FrameInfo;
}

/** AVCPacketType 0 sequence header, 1 NAL units, 2 end of sequence, then SI24 composition time (§E.4.3.1). */
function readAvcTag(payload: Uint8Array, frameType: number, codec: number): FrameInfo {
  const packetType = payload[1];
  // Some encoders leave the composition time away when the sequence ends.
  if (packetType === 2) return videoInfos.end[codec] as FrameInfo;
  if (payload.length < 5) return videoInfos.inter[codec] as FrameInfo;
  if (packetType === 0) return (payload.length === 5 ? videoInfos.end : videoInfos.config)[codec] as FrameInfo;
  if (packetType !== 1) return videoInfos.inter[codec] as FrameInfo;
  const cts = int24At(payload, 2);
  const role = codedRole(frameType);
  if (cts !== 0) return frameInfo(videoCodec(codec), role, cts);
  return (role === 'key' ? videoInfos.key : videoInfos.inter)[codec] as FrameInfo;
}

/**
 * Codec, role and track of an audio tag body. Never throws: an empty body (RTMP's "silence" message) is codec `none`,
 * a truncated or unknown header role `audio`,
 * an empty sequence header role `end`: ffmpeg sends one before it has seen the first frame of an ADTS file.
 * @see FLV §E.4.2; enhanced-rtmp-v2 "Enhanced Audio".
 */
export function readAudioTag(payload: Uint8Array): FrameInfo {
  const first = payload[0];
  if (first === undefined) return emptyAudio;
  const format = first >> 4;
  if (format === exHeader) return readExAudioTag(payload);
  if (format === aac && payload[1] === 0) return payload.length === 2 ? aacEmptyConfig : aacConfig;
  return audioInfos[format] as FrameInfo;
}

/** Whether a body brings sound or a picture, and not only a description of them. */
export function bringsFrame(kind: 'audio' | 'video', payload: Uint8Array): boolean {
  const { role } = kind === 'video' ? readVideoTag(payload) : readAudioTag(payload);
  return role === 'key' || role === 'inter' || role === 'audio';
}

/**
 * Whether a body carries multitrack packets (also when ModEx comes first, also with a single track in it).
 * Its config is another thing than the config of the plain track with the same number: a cache keeps both.
 */
export function isMultitrack(payload: Uint8Array, kind: 'audio' | 'video'): boolean {
  const first = payload[0];
  if (first === undefined) return false;
  const extended = kind === 'video' ? first >= 0x80 : first >> 4 === exHeader;
  return extended && isExMultitrack(payload, kind);
}
