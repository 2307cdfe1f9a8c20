import { describe, expect, test } from 'vitest';
import { ms } from '../../../src/core/index.js';
import { PlayLimit } from '../../../src/session/play-limit.js';
import type { LiveStream } from '../../../src/stream/index.js';
import { FakeClock } from '../../support/fake-clock.js';

/** A player's limit on a stream whose newcomers start at `startTime`; both times can be set. */
function limited(duration: number, startTime = 0) {
  const clock = new FakeClock();
  let looks = 0;
  const stream = {
    startTime: ms(startTime),
    newest: startTime,
    get time() {
      looks++;
      return ms(this.newest);
    },
  };
  let isOver = false;
  new PlayLimit(clock).start(stream as unknown as LiveStream, duration, () => (isOver = true));
  return { clock, stream, isOver: () => isOver, looks: () => looks };
}

describe('the duration that a player asks for', () => {
  test.each([0, -2000, Number.NaN])('%s is no limit and costs nothing', (duration) => {
    const { clock, isOver, looks } = limited(duration);
    clock.advance(60_000);
    expect({ isOver: isOver(), looks: looks() }).toEqual({ isOver: false, looks: 0 });
  });

  test('while nothing comes it is looked at a few times a second, however short it is', () => {
    const { clock, isOver, looks } = limited(1);
    clock.advance(10_000);
    expect(isOver()).toBe(false);
    expect(looks()).toBeLessThan(50);
  });

  test('counts from the first frame that the player gets, which the GOP cache may have kept', () => {
    const { clock, stream, isOver } = limited(1000, 5000);
    stream.newest = 5900;
    clock.advance(1000);
    expect(isOver()).toBe(false);
    stream.newest = 6000;
    clock.advance(200);
    expect(isOver()).toBe(true);
  });
});
