import { type Frame, type FrameRole, freeze, ms } from '../../src/core/index.js';

const coded = (kind: 'audio' | 'video', role: FrameRole, dts: number, bytes: readonly number[], codec: string): Frame =>
  ({ kind, role, dts: ms(dts), cts: ms(0), codec, track: 0, payload: freeze(Buffer.from(bytes)) }) as Frame;

/** A small AVC configuration record: one SPS of this level, one PPS. */
export const avcConfig = (dts: number, level = 30): Frame =>
  coded(
    'video',
    'config',
    dts,
    [0x17, 0, 0, 0, 0, 1, 66, 0, level, 0xff, 0xe1, 0, 4, 0x67, 66, 0, level, 1, 0, 2, 0x68, 0xce],
    'avc',
  );

/** One NAL unit, an IDR slice or another. */
export const avcKey = (dts: number): Frame =>
  coded('video', 'key', dts, [0x17, 1, 0, 0, 0, 0, 0, 0, 3, 0x65, 1, 2], 'avc');
export const avcInter = (dts: number): Frame =>
  coded('video', 'inter', dts, [0x27, 1, 0, 0, 0, 0, 0, 0, 3, 0x41, 1, 2], 'avc');

/** AAC LC, stereo; rate index 4 is 44.1 kHz, 3 is 48 kHz. */
export const aacConfig = (dts: number, rateIndex = 4): Frame =>
  coded('audio', 'config', dts, [0xaf, 0, (2 << 3) | (rateIndex >> 1), ((rateIndex & 1) << 7) | (2 << 3)], 'aac');
export const aacFrame = (dts: number): Frame => coded('audio', 'audio', dts, [0xaf, 1, 0x21, 0x10, 4], 'aac');
export const mp3Frame = (dts: number): Frame => coded('audio', 'audio', dts, [0x2f, 0xff, 0xfb, 0x90, 0], 'mp3');
