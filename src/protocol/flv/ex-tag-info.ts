import type { FrameInfo, FrameRole } from '../../core/index.js';
import { MultitrackType, offsetAfter, packetType, skipModEx } from './ex-header.js';
import { codecAt } from './fourcc.js';
import { codedRole, FrameType, frameInfo, int24At, sharedInfo } from './frame-info.js';

const VideoPacket = {
  sequenceStart: 0,
  codedFrames: 1,
  sequenceEnd: 2,
  codedFramesX: 3,
  metadata: 4,
  mpeg2TsSequenceStart: 5,
  multitrack: 6,
} as const;

const AudioPacket = { sequenceStart: 0, codedFrames: 1, sequenceEnd: 2, multichannelConfig: 4, multitrack: 5 } as const;

const unknownVideo = sharedInfo('none', 'inter');
const unknownAudio = sharedInfo('none', 'audio');
const command = sharedInfo('none', 'meta');

/** Codecs whose CodedFrames begin with a composition time; CodedFramesX leaves it out. */
const hasCompositionTime = (codec: string): boolean => codec === 'avc' || codec === 'hevc' || codec === 'vvc';

/**
 * A video body with the IsExVideoHeader bit. Of a multitrack body: its first track.
 * A packet type or multitrack layout that the specification reserves is `inter`: relayed, but never cached and never
 * a place to start at. A frame of type "command" has no codec.
 */
export function readExVideoTag(payload: Uint8Array): FrameInfo {
  const start = skipModEx(payload);
  if (start < 0) return unknownVideo;
  const frameType = ((payload[0] as number) >> 4) & 7;
  let type = packetType(start);
  if (frameType === FrameType.command && type !== VideoPacket.metadata) return command;

  let at = offsetAfter(start);
  if (type !== VideoPacket.multitrack) {
    if (payload.length < at + 4) return unknownVideo;
    return videoInfo(payload, at + 4, codecAt(payload, at), frameType, type, 0);
  }
  type = (payload[at] ?? 0) & 0x0f;
  if (!hasFirstTrack(payload, at)) return unknownVideo;
  const codec = codecAt(payload, at + 1);
  const track = payload[at + 5] as number;
  at = firstTrackBody(payload, at);
  return videoInfo(payload, at, codec, frameType, type, track);
}

function videoInfo(
  payload: Uint8Array,
  at: number,
  codec: string,
  frameType: number,
  type: number,
  track: number,
): FrameInfo {
  switch (type) {
    case VideoPacket.codedFrames:
      if (!hasCompositionTime(codec)) return frameInfo(codec, codedRole(frameType), 0, track);
      if (payload.length < at + 3) return frameInfo(codec, 'inter', 0, track);
      return frameInfo(codec, codedRole(frameType), int24At(payload, at), track);
    case VideoPacket.codedFramesX:
      return frameInfo(codec, codedRole(frameType), 0, track);
    case VideoPacket.sequenceStart:
    case VideoPacket.mpeg2TsSequenceStart:
      return frameInfo(codec, 'config', 0, track);
    case VideoPacket.sequenceEnd:
      return frameInfo(codec, 'end', 0, track);
    case VideoPacket.metadata:
      return frameInfo(codec, 'meta', 0, track);
    default:
      return frameInfo(codec, 'inter', 0, track);
  }
}

/**
 * An audio body of SoundFormat 9. Of a multitrack body: its first track.
 * MultichannelConfig is `meta`, not `config`: it comes beside the sequence start of the same track and must not take
 * its place in a cache. Reserved packet types and layouts are `audio`: relayed, never cached.
 */
export function readExAudioTag(payload: Uint8Array): FrameInfo {
  const start = skipModEx(payload);
  if (start < 0) return unknownAudio;
  const at = offsetAfter(start);
  const type = packetType(start);
  if (type !== AudioPacket.multitrack) {
    if (payload.length < at + 4) return unknownAudio;
    return frameInfo(codecAt(payload, at), audioRole(type), 0, 0);
  }
  if (!hasFirstTrack(payload, at)) return unknownAudio;
  return frameInfo(codecAt(payload, at + 1), audioRole((payload[at] as number) & 0x0f), 0, payload[at + 5]);
}

function audioRole(type: number): FrameRole {
  switch (type) {
    case AudioPacket.sequenceStart:
      return 'config';
    case AudioPacket.sequenceEnd:
      return 'end';
    case AudioPacket.multichannelConfig:
      return 'meta';
    default:
      return 'audio';
  }
}

/**
 * All layouts begin alike: multitrack type and packet type, FourCC of the first track (or of all), its track id.
 * Unless there is only one track, its size follows as UI24.
 */
const hasFirstTrack = (payload: Uint8Array, at: number): boolean =>
  payload.length >= at + 6 &&
  (payload[at] as number) >> 4 <= MultitrackType.manyTracksManyCodecs &&
  payload.length >= firstTrackBody(payload, at);

const firstTrackBody = (payload: Uint8Array, at: number): number =>
  at + ((payload[at] as number) >> 4 === MultitrackType.oneTrack ? 6 : 9);

/** Whether the body is a multitrack packet, even one of a single track: configs of the two kinds are kept apart. */
export function isExMultitrack(payload: Uint8Array, kind: 'audio' | 'video'): boolean {
  const start = skipModEx(payload);
  if (start < 0) return false;
  if (kind === 'audio') return packetType(start) === AudioPacket.multitrack;
  const isCommand = (((payload[0] as number) >> 4) & 7) === FrameType.command;
  return !isCommand && packetType(start) === VideoPacket.multitrack;
}
