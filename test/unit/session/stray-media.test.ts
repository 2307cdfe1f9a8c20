import { expect, test } from 'vitest';
import { MessageType, type WireMessage } from '../../../src/protocol/rtmp/index.js';
import { StrayMedia } from '../../../src/session/stray-media.js';

const message = (type: number): WireMessage =>
  ({ csid: 6, type, streamId: 1, timestamp: 0, payload: Buffer.of(0x27) }) as unknown as WireMessage;

/** Frames at these times, in ms. @returns when it was too much. */
function refusedAt(times: readonly number[], type: number = MessageType.video): number | undefined {
  const stray = new StrayMedia();
  return times.find((now) => {
    try {
      stray.take(message(type), now);
      return false;
    } catch {
      return true;
    }
  });
}
const frames = (from: number, to: number): number[] => {
  const all: number[] = [];
  for (let t = from; t <= to; t += 40) all.push(t);
  return all;
};

test('a tail of a second is let pass, and another one after a pause; more is not', () => {
  expect(refusedAt(frames(5000, 6000))).toBeUndefined();
  expect(refusedAt([...frames(5000, 5900), ...frames(60_000, 60_900)])).toBeUndefined();
  expect(refusedAt(frames(5000, 9000))).toBe(6040);
  expect(refusedAt([...frames(5000, 5900), ...frames(60_000, 69_000)])).toBe(61_040);
});

test.each(['audio', 'aggregate'] as const)('%s counts, too', (type) => {
  expect(refusedAt(frames(0, 2000), MessageType[type])).toBe(1040);
});

test('data does not: metadata may come before its publish', () => {
  expect(refusedAt(frames(0, 9000), MessageType.dataAmf0)).toBeUndefined();
});

test('each publish has a tail of its own', () => {
  const stray = new StrayMedia();
  stray.take(message(MessageType.video), 0);
  stray.take(message(MessageType.video), 900);
  stray.reset();
  stray.take(message(MessageType.video), 1100);
  stray.take(message(MessageType.video), 2000);
  expect(() => stray.take(message(MessageType.video), 2200)).toThrow(/publishes nothing/);
});
