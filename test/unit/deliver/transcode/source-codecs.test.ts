import { assert, test } from 'vitest';
import { type Codec, type Frame, ms } from '../../../../src/core/index.js';
import { SourceCodecs } from '../../../../src/deliver/transcode/source-codecs.js';

const frame = (kind: Frame['kind'], codec: Codec): Frame =>
  ({ kind, codec, track: 0, dts: ms(0), cts: ms(0), role: 'inter', payload: new Uint8Array(1) }) as unknown as Frame;

function watch(): { codecs: SourceCodecs; changes: () => number } {
  let changes = 0;
  return { codecs: new SourceCodecs(() => changes++), changes: () => changes };
}

test('the first publisher may bring what it likes, when it likes', () => {
  const { codecs, changes } = watch();
  for (const one of [frame('video', 'h264'), frame('audio', 'aac'), frame('data', 'amf0')]) codecs.onFrame(one);
  assert.equal(changes(), 0);
});

test('a publisher with the same codecs changes nothing', () => {
  const { codecs, changes } = watch();
  for (let i = 0; i < 3; i++) {
    codecs.onFrame(frame('audio', 'aac'));
    codecs.onFrame(frame('video', 'h264'));
    codecs.onRepublish();
  }
  assert.equal(changes(), 0);
});

test.each([
  ['another codec', [frame('video', 'hevc'), frame('audio', 'mp3')]],
  ['a track more', [frame('audio', 'aac'), frame('video', 'hevc')]],
])('%s is told once', (_, frames) => {
  const { codecs, changes } = watch();
  codecs.onFrame(frame('audio', 'aac'));
  codecs.onRepublish();
  for (const one of [...frames, ...frames]) codecs.onFrame(one);
  assert.equal(changes(), 1);
});
