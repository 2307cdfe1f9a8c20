import { beforeEach, describe, expect, test } from 'vitest';
import { ms } from '../../../src/core/index.js';
import { FanoutGovernor } from '../../../src/stream/fanout-governor.js';
import { LagWatch } from '../../../src/stream/lag-watch.js';
import { Viewer } from '../../../src/stream/viewer.js';
import { WireLog } from '../../../src/stream/wire-log.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeSink } from '../../support/fake-sink.js';
import { inter, key, plainFormat } from '../../support/frames.js';

/** 1 s of the stream is 1 MB, so with a queue_length of 2 s the bound is 2 MB. */
const FRAME = 40_000;

let clock: FakeClock;
let log: WireLog;
let watch: LagWatch;
let kernel: Map<string, number>;
let scans: number;
let now: number;

const viewer = (kernelKey: string) => {
  const sink = new FakeSink();
  sink.kernelKey = kernelKey;
  const made = new Viewer(sink);
  log.join(made, []);
  return { sink, viewer: made };
};
const second = () => {
  for (let i = 0; i < 25; i++, now += 40) {
    log.append(now % 1000 === 0 ? key(now, FRAME) : inter(now, FRAME), []);
    log.settle();
  }
  clock.advance(1000);
};

beforeEach(() => {
  clock = new FakeClock();
  now = 0;
  scans = 0;
  kernel = new Map();
  log = new WireLog(plainFormat, clock, new FanoutGovernor(clock), {
    maxLag: ms(2000),
    maxBytes: 1e9,
    window: ms(0),
    minLatency: false,
    minInterval: 0,
    startFromCache: true,
  });
  watch = new LagWatch(
    () => [log],
    clock,
    async (keys) => {
      scans++;
      return new Map([...kernel].filter(([k]) => keys.has(k)));
    },
  );
});

describe('LagWatch (R6, R7)', () => {
  test('players that acknowledge cost no look into the kernel’s tables', async () => {
    const { viewer: v } = viewer('a');
    for (let i = 0; i < 5; i++) {
      second();
      v.confirm(v.sent);
      await watch.sweep();
    }
    expect(scans).toBe(0);
  });

  test('one look serves all who will need it soon', async () => {
    // The second joins a second later, so the first comes to its half of the bound before it.
    const { viewer: first } = viewer('a');
    second();
    await watch.sweep();
    const { viewer: other } = viewer('b');
    kernel.set('a', 0).set('b', 0);
    for (let i = 0; i < 4 && scans === 0; i++) {
      second();
      await watch.sweep();
    }
    expect(scans).toBe(1);
    expect([first.confirmed, other.confirmed]).toEqual([first.sent, other.sent]);
  });

  test('a backlog in the kernel beyond queue_length stops the feeding; drained, it jumps to a key frame', async () => {
    const { viewer: v, sink } = viewer('a');
    await watch.sweep();
    for (let i = 0; i < 4; i++) {
      second();
      kernel.set('a', v.sent);
      await watch.sweep();
    }
    expect(v.stalled).toBe(true);
    const sent = v.sent;
    sink.take();
    second();
    second();
    second();
    expect(v.sent).toBe(sent);
    kernel.set('a', 0);
    await watch.sweep();
    expect(v.stalled).toBe(false);
    expect(v.drops).toBe(1);
    expect(sink.take()[0]).toMatch(/^v:key@/);
  });

  test.each([
    [256, false],
    [257, true],
  ])('of a stream of few bytes %i KiB on their way are too much: %s', async (kibibytes, stalled) => {
    const { viewer: v } = viewer('a');
    log.append(key(0, 2 ** 19), []);
    log.settle();
    clock.advance(60_000);
    kernel.set('a', kibibytes * 1024);
    await watch.sweep();
    expect(v.stalled).toBe(stalled);
  });

  test('one that takes nothing for 30 s is closed with a reason', async () => {
    const { viewer: v, sink } = viewer('a');
    for (let i = 0; i < 40; i++) {
      second();
      kernel.set('a', v.sent);
      await watch.sweep();
    }
    expect(sink.failed).toMatch(/took no data for 30 s/);
  });

  test('one that takes its data without acknowledging is left alone', async () => {
    const { viewer: v, sink } = viewer('a');
    kernel.set('a', 0);
    for (let i = 0; i < 60; i++) {
      second();
      await watch.sweep();
    }
    expect(v.stalled).toBe(false);
    expect(sink.failed).toBeUndefined();
    expect(v.drops).toBe(0);
  });
});
