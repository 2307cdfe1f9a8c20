import { type Codec, type FrameInfo, type FrameRole, ms } from '../../core/index.js';

export const frameInfo = (codec: Codec, role: FrameRole, cts = 0, track = 0): FrameInfo => ({
  codec,
  role,
  cts: ms(cts),
  track,
});

/** One result for all frames that look alike. */
export const sharedInfo = (codec: Codec, role: FrameRole): FrameInfo => Object.freeze(frameInfo(codec, role));

/** SI24 at an offset where three bytes are: signed, as B-frames shown before they are decoded have it negative. */
export const int24At = (payload: Uint8Array, at: number): number =>
  (((payload[at] as number) << 24) | ((payload[at + 1] as number) << 16) | ((payload[at + 2] as number) << 8)) >> 8;

/** Frame types of video (FLV §E.4.3.1). */
export const FrameType = { key: 1, inter: 2, disposable: 3, generatedKey: 4, command: 5 } as const;

export const codedRole = (frameType: number): FrameRole =>
  frameType === FrameType.key || frameType === FrameType.generatedKey ? 'key' : 'inter';
