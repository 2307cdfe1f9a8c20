import type { MediaMessage, RtmpClient } from '../../src/link/index.js';

/** Tiny but well-formed AVC and AAC tag bodies, for streams whose times matter and not their pictures. */
const avcConfig = Buffer.from(
  '1700000000014d401effe100176764001eacd940a02ff970110000030001000003003c8f162d9601000568ebecb22c',
  'hex',
);
const aacConfig = Buffer.from('af001210', 'hex');

export const tag = {
  avcConfig: (timestamp = 0, config: Buffer = avcConfig): MediaMessage => ({
    kind: 'video',
    timestamp,
    payload: config,
  }),
  aacConfig: (timestamp = 0): MediaMessage => ({ kind: 'audio', timestamp, payload: aacConfig }),
  key: (timestamp: number, size = 0): MediaMessage => ({ kind: 'video', timestamp, payload: body('1701000000', size) }),
  inter: (timestamp: number, size = 0): MediaMessage => ({
    kind: 'video',
    timestamp,
    payload: body('2701000000', size),
  }),
  audio: (timestamp: number, size = 0): MediaMessage => ({ kind: 'audio', timestamp, payload: body('af01', size) }),
};

function body(header: string, size: number): Buffer {
  const bytes = Buffer.alloc(Math.max(size, header.length / 2 + 8), 0x5a);
  bytes.write(header, 'hex');
  return bytes;
}

export interface Pattern {
  /** Parameter sets other than the usual ones. */
  readonly config?: Buffer;
  /** Raw time of the first frame; may cross any edge. */
  readonly start?: number;
  readonly frames?: number;
  /** A key frame every so many. */
  readonly gop?: number;
  readonly bytes?: number;
  /** Real time between frames, in ms; 0 sends all at once. */
  readonly pace?: number;
  /** Changes the raw time of frame `i`. */
  readonly at?: (i: number, time: number) => number;
}

/** Publishes video at 25 frames a second with an audio frame 5 ms behind each. */
export async function feed(client: Pick<RtmpClient, 'send'>, pattern: Pattern = {}): Promise<void> {
  const { start = 0, frames = 50, gop = 25, bytes = 0, pace = 0, at = (_i, t) => t } = pattern;
  client.send(tag.avcConfig(0, pattern.config));
  client.send(tag.aacConfig(0));
  for (let i = 0; i < frames; i++) {
    const time = at(i, start + i * 40);
    client.send((i % gop === 0 ? tag.key : tag.inter)(time >>> 0, bytes));
    client.send(tag.audio((time + 5) >>> 0));
    if (pace > 0) await new Promise((next) => setTimeout(next, pace));
  }
}
