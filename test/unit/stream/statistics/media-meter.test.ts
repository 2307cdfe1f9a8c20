import { expect, test } from 'vitest';
import { type Frame, freeze, ms } from '../../../../src/core/index.js';
import { MediaMeter } from '../../../../src/stream/statistics/media-meter.js';
import { aacConfig, aacFrame, avcConfig, avcInter, avcKey, mp3Frame } from '../../../support/coded.js';

/** Pictures at 25 per second, a key frame every `gop`. */
function feed(meter: MediaMeter, from: number, count: number, gop: number): void {
  for (let i = 0; i < count; i++) {
    const dts = from + i * 40;
    meter.count(i % gop === 0 ? avcKey(dts) : avcInter(dts));
    meter.count(aacFrame(dts));
  }
}

test('nothing is known of a stream without frames', () => {
  const meter = new MediaMeter();
  expect([meter.frames, meter.video, meter.audio]).toEqual([0, undefined, undefined]);
});

test('pictures, rate and group of pictures are counted by the clock of the stream', () => {
  const meter = new MediaMeter();
  meter.count(avcConfig(0));
  meter.count(aacConfig(0, 3));
  feed(meter, 0, 60, 50);
  expect(meter.frames).toBe(60);
  expect(meter.video).toMatchObject({ codec: 'avc', profile: 'Baseline', level: '3' });
  expect(meter.video).toMatchObject({ fps: 25, gopFrames: 50, gopMs: 2000 });
  expect(meter.audio).toEqual({ codec: 'aac', profile: 'LC', sampleRate: 48_000, channels: 2 });
});

test('another rate shows within ten seconds', () => {
  const meter = new MediaMeter();
  feed(meter, 0, 500, 50);
  for (let i = 0; i < 110; i++) meter.count(avcInter(20_000 + i * 100));
  expect(meter.video?.fps).toBe(10);
});

test('another configuration is another picture; another publish forgets the old one', () => {
  const meter = new MediaMeter();
  meter.count(avcConfig(0, 30));
  feed(meter, 0, 3, 50);
  expect(meter.video?.level).toBe('3');
  meter.count(avcConfig(0, 41));
  expect(meter.video?.level).toBe('4.1');
  meter.beginPublish();
  expect([meter.video, meter.audio]).toEqual([undefined, undefined]);
  meter.count(mp3Frame(0));
  expect(meter.audio).toMatchObject({ codec: 'mp3', sampleRate: 44_100, channels: 2 });
  expect(meter.frames).toBe(3);
});

test('of several tracks the lowest is described', () => {
  const meter = new MediaMeter();
  const second = (frame: Frame): Frame => ({ ...frame, track: 1, codec: 'hevc' });
  feed(meter, 0, 10, 50);
  for (let i = 0; i < 10; i++) meter.count(second(avcInter(i * 40)));
  expect(meter.frames).toBe(10);
  expect(meter.video?.codec).toBe('avc');
});

test('a broken configuration leaves the codec, and the rest unknown', () => {
  const meter = new MediaMeter();
  meter.count({
    kind: 'video',
    role: 'config',
    codec: 'avc',
    dts: ms(0),
    cts: ms(0),
    track: 0,
    payload: freeze(Buffer.from('170000000001', 'hex')),
  });
  expect(meter.video).toMatchObject({ codec: 'avc', profile: '', level: '', width: 0, height: 0, fps: 0 });
});
