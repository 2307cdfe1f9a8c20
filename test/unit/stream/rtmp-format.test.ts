import { expect, test } from 'vitest';
import { type Frame, freeze, ms } from '../../../src/core/index.js';
import { decodeAmf0All, encodeAmf0 } from '../../../src/protocol/amf/index.js';
import { ChunkDecoder } from '../../../src/protocol/rtmp/index.js';
import { encodeFrames, RtmpFormat, RtmpPushFormat } from '../../../src/stream/index.js';

const frame = (kind: Frame['kind'], role: Frame['role'], payload: Buffer): Frame => ({
  kind,
  role,
  dts: ms(2 ** 32 + 40),
  cts: ms(0),
  codec: 'avc',
  track: 0,
  payload: freeze(payload),
});

const metadata = frame('data', 'meta', encodeAmf0('onMetaData', 'x'));
const other = frame('data', 'audio', encodeAmf0('onTextData', 'x'));
const key = frame('video', 'key', Buffer.alloc(300, 7));

const decoded = (format: RtmpFormat) => {
  const decoder = new ChunkDecoder();
  return decoder.push(encodeFrames(format, [metadata, other, key]));
};

test('for players: stream 1, every payload as it is', () => {
  const messages = decoded(new RtmpFormat(128));
  expect(messages.map(({ streamId }) => streamId)).toEqual([1, 1, 1]);
  expect(messages.map(({ timestamp }) => timestamp)).toEqual([40, 40, 40]); // wraps on the wire
  expect(messages.map(({ payload }) => payload.length)).toEqual([metadata, other, key].map((f) => f.payload.length));
});

test('for a push: the stream that the peer gave, metadata as encoders send it', () => {
  const messages = decoded(new RtmpPushFormat(128, 7));
  expect(messages.map(({ streamId }) => streamId)).toEqual([7, 7, 7]);
  expect(decodeAmf0All(messages[0]?.payload ?? Buffer.alloc(0))).toEqual(['@setDataFrame', 'onMetaData', 'x']);
  expect(decodeAmf0All(messages[1]?.payload ?? Buffer.alloc(0))).toEqual(['onTextData', 'x']);
  expect(messages[2]?.payload).toEqual(key.payload);
});

test('destinations that gave different streams do not share bytes', () => {
  expect(new RtmpPushFormat(128, 7).id).not.toBe(new RtmpPushFormat(128, 1).id);
  expect(new RtmpPushFormat(128, 1).id).not.toBe(new RtmpFormat(128).id);
});
