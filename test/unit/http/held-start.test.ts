import { expect, test } from 'vitest';
import { HeldStart } from '../../../src/http/held-start.js';
import { MediaMeter } from '../../../src/stream/statistics/media-meter.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeSink } from '../../support/fake-sink.js';
import { audio } from '../../support/frames.js';

function held() {
  const meter = new MediaMeter();
  const clock = new FakeClock();
  const sink = new FakeSink();
  let over = false;
  const header = (tracks: { audio: boolean; video: boolean }) => Buffer.from(`${JSON.stringify(tracks)};`);
  const start = new HeldStart(sink, { publication: undefined, meter }, header, clock, () => {
    over = true;
  });
  return { meter, sink, start, isOver: () => over };
}

test('what comes waits until a track is known, then goes behind the header', () => {
  const { meter, sink, start, isOver } = held();
  start.write(Buffer.from('meta;'));
  expect(sink.take()).toEqual([]);
  meter.count(audio(0));
  start.write(Buffer.from('sound;'));
  expect(sink.take()).toEqual(['{"audio":true,"video":false}', 'meta', 'sound']);
  expect(isOver()).toBe(true);
});

test('a stream of data alone is not held for ever', () => {
  const { sink, start, isOver } = held();
  for (let i = 0; i < 10; i++) start.write(Buffer.alloc(100_000, 'd'));
  expect(isOver()).toBe(false);
  start.write(Buffer.alloc(100_000, 'd'));
  expect(isOver()).toBe(true);
  expect(sink.take()[0]).toMatch(/^\{"audio":true,"video":true\}/);
});
