import type { Payload } from './bytes.js';
import type { Ms } from './units.js';

export type FrameKind = 'audio' | 'video' | 'data';

/**
 * What a frame means to caches and viewers, whatever its codec:
 * `config` sequence header, `key` random access point, `inter` depends on others, `audio` independent audio or data,
 * `end` end of sequence, or a sequence header with nothing in it, `meta` describes the stream (enhanced RTMP video
 * metadata) and starts nothing.
 */
export type FrameRole = 'config' | 'key' | 'inter' | 'audio' | 'end' | 'meta';

/**
 * Codec of a frame. Enhanced RTMP codecs are named by their FourCC in lower case, trimmed (`hvc1` is `hevc`);
 * an unknown one keeps its FourCC or number (`fourcc:abcd`, `video:9`), and is relayed untouched.
 */
export type Codec = string;

/**
 * One audio, video or data message of a stream. The payload is the FLV tag body exactly as received,
 * so RTMP and FLV outputs pass it through whatever the codec.
 */
export interface Frame {
  readonly kind: FrameKind;
  /** Decode time on the stream's own clock. */
  readonly dts: Ms;
  /** Composition offset, may be negative; 0 for audio and data. */
  readonly cts: Ms;
  readonly codec: Codec;
  readonly role: FrameRole;
  /** 0 for the only or first track; multitrack packets carry their own id. */
  readonly track: number;
  readonly payload: Payload;
}

/** What can be read from an FLV tag body without decoding it. */
export type FrameInfo = Pick<Frame, 'cts' | 'codec' | 'role' | 'track'>;
