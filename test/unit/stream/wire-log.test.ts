import { beforeEach, describe, expect, test } from 'vitest';
import type { Frame } from '../../../src/core/index.js';
import { ms } from '../../../src/core/index.js';
import { MAX_GOP } from '../../../src/stream/batch-queue.js';
import { FanoutGovernor } from '../../../src/stream/fanout-governor.js';
import { MAX_KEY_WAIT } from '../../../src/stream/key-wait.js';
import { Viewer } from '../../../src/stream/viewer.js';
import { WireLog, type WireLogSettings } from '../../../src/stream/wire-log.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeSink } from '../../support/fake-sink.js';
import { audio, frame, inter, key, plainFormat } from '../../support/frames.js';

const defaults: WireLogSettings = {
  maxLag: ms(1000),
  maxBytes: 1_000_000,
  window: ms(0),
  minLatency: false,
  minInterval: 0,
  startFromCache: true,
};
const headers = [frame('data', 'meta', 0), frame('audio', 'config', 0), frame('video', 'config', 0)];

let clock: FakeClock;
let log: WireLog;

const open = (settings: Partial<WireLogSettings> = {}) => {
  log = new WireLog(plainFormat, clock, new FanoutGovernor(clock), { ...defaults, ...settings });
};
const feed = (...frames: Frame[]) => {
  for (const f of frames) log.append(f, headers);
  log.settle();
};
const join = (): { viewer: Viewer; sink: FakeSink } => {
  const sink = new FakeSink();
  const viewer = new Viewer(sink);
  log.join(viewer, headers);
  return { viewer, sink };
};

beforeEach(() => {
  clock = new FakeClock();
  open();
});

describe('WireLog: joining', () => {
  test('a newcomer gets the headers, then everything since the newest key frame', () => {
    feed(key(0), inter(40), audio(45), key(80), inter(120));
    const { sink } = join();
    expect(sink.take()).toEqual(['d:meta@0', 'a:config@0', 'v:config@0', 'v:key@80', 'v:inter@120']);
    feed(inter(160));
    expect(sink.take()).toEqual(['v:inter@160']);
  });

  test('with a merge window it gets the open batch at once, and no byte twice', () => {
    open({ window: ms(350) });
    const early = join();
    feed(key(0), inter(40));
    const late = join();
    expect(late.sink.take().slice(3)).toEqual(['v:key@0', 'v:inter@40']);
    feed(inter(80));
    clock.advance(350);
    expect(late.sink.take()).toEqual(['v:inter@80']);
    expect(early.sink.take().slice(3)).toEqual(['v:key@0', 'v:inter@40', 'v:inter@80']);
  });

  test('without a GOP cache it hears audio at once and sees from the next key frame', () => {
    open({ startFromCache: false });
    const first = join();
    feed(key(0), inter(40));
    const { sink } = join();
    feed(inter(80), audio(85));
    expect(sink.take().slice(3)).toEqual(['a:audio@85']);
    feed(key(120), inter(160));
    expect(sink.take()).toEqual(['v:key@120', 'v:inter@160']);
    expect(first.sink.take().slice(3)).toEqual([
      'v:key@0',
      'v:inter@40',
      'v:inter@80',
      'a:audio@85',
      'v:key@120',
      'v:inter@160',
    ]);
  });

  test('a pure audio stream is joined at once', () => {
    join();
    feed(audio(0), audio(23));
    const { sink } = join();
    feed(audio(46));
    expect(sink.take().slice(3)).toEqual(['a:audio@46']);
  });

  test('video without any further key frame is joined after a while', () => {
    open({ startFromCache: false });
    join();
    feed(key(0), inter(40));
    const { sink } = join();
    feed(inter(80));
    feed(inter(80 + MAX_KEY_WAIT + 40));
    expect(sink.take().slice(3)).toEqual([`v:inter@${120 + MAX_KEY_WAIT}`]);
  });

  test('the headers of a newcomer are those of the key frame it starts at', () => {
    join();
    feed(key(0));
    log.append(frame('video', 'config', 1), [frame('video', 'config', 1)]);
    log.settle();
    const { sink } = join();
    expect(sink.take()).toEqual(['d:meta@0', 'a:config@0', 'v:config@0', 'v:key@0', 'v:config@1']);
  });
});

describe('WireLog: slow viewers', () => {
  test('is not written to while its socket waits, and goes on where it was', () => {
    const { sink, viewer } = join();
    sink.take();
    sink.room = 1;
    feed(key(0));
    feed(inter(40));
    expect(sink.take()).toEqual(['v:key@0']);
    sink.drain();
    viewer.drained();
    expect(sink.take()).toEqual(['v:inter@40']);
    expect(viewer.drops).toBe(0);
  });

  test('one that falls behind its bound jumps to the newest key frame, headers first; others lose nothing (R6)', () => {
    const slow = join();
    const good = join();
    for (const { sink } of [slow, good]) sink.take();
    slow.sink.room = 1;
    for (let t = 0; t < 4000; t += 40) feed(t % 1000 === 0 ? key(t) : inter(t));
    expect(good.sink.take()).toHaveLength(100);
    expect(slow.sink.take()).toEqual(['v:key@0']);
    slow.sink.drain();
    slow.viewer.drained();
    const seen = slow.sink.take();
    expect(seen.slice(0, 5)).toEqual(['d:meta@0', 'a:config@0', 'v:config@0', 'v:key@3000', 'v:inter@3040']);
    expect(seen.at(-1)).toBe('v:inter@3960');
    expect(slow.viewer.drops).toBe(1);
  });

  test('one that is too slow is told of once until it has caught up, however often it jumps (R9)', () => {
    let told = 0;
    const sink = new FakeSink();
    const viewer = new Viewer(sink, { fellBehind: () => told++ });
    log.join(viewer, headers);
    let now = 0;
    const lag = () => {
      for (let i = 0; i < 100; i++, now += 40) feed(now % 400 === 0 ? key(now) : inter(now));
    };
    sink.room = 0;
    for (let jump = 1; jump <= 3; jump++) {
      lag();
      sink.drain();
      sink.room = 0; // it takes one batch of those that it lacks
      viewer.drained();
      expect([viewer.drops, told]).toEqual([jump, 1]);
    }
    sink.drain();
    viewer.drained();
    sink.room = 0;
    lag();
    sink.drain();
    viewer.drained();
    expect(told).toBe(2);
  });

  test('memory is bounded by time and bytes whoever lags', () => {
    open({ maxBytes: 5000 });
    const { sink } = join();
    sink.room = 1;
    for (let t = 0; t < 100_000; t += 40) feed(t % 1000 === 0 ? key(t, 100) : inter(t, 100));
    expect(log.keptBytes).toBeLessThanOrEqual(5000);
  });

  test('by time alone, too: queue_length and the GOP that newcomers start at', () => {
    open({ maxBytes: Number.POSITIVE_INFINITY, maxLag: ms(2000) });
    const { sink } = join();
    sink.room = 1;
    for (let t = 0; t < 100_000; t += 40) feed(t % 1000 === 0 ? key(t, 100) : inter(t, 100));
    expect(log.keptBytes).toBeLessThanOrEqual(100 * (2000 / 40 + 1000 / 40 + 1));
  });

  test('a player that was behind while the codec changed gets the new headers before its next picture', () => {
    open({ startFromCache: false, maxLag: ms(1000) });
    const { sink, viewer } = join();
    feed(key(0));
    sink.take();
    sink.room = 0;
    for (let t = 100; t < 3000; t += 100) feed(inter(t));
    log.endPublish();
    log.beginPublish();
    const config = frame('video', 'config', 3000);
    const headers = [config];
    for (const next of [config, key(3000), inter(3100), inter(5000)]) {
      log.append(next, headers);
      log.settle();
    }
    sink.drain();
    sink.text = '';
    viewer.drained();
    log.append(key(6000), headers);
    log.settle();
    expect(sink.take()).toEqual(['v:config@3000', 'v:key@6000']);
  });

  test('a GOP without end is not kept for newcomers beyond its limit (R8)', () => {
    join();
    feed(key(0, 100));
    for (let t = 40; t < 2 * MAX_GOP; t += 40) feed(inter(t, 100));
    expect(log.keptBytes).toBeLessThan(200);
  });

  test('nothing is kept that nobody needs', () => {
    open({ startFromCache: false });
    join();
    for (let t = 0; t < 4000; t += 40) feed(t % 1000 === 0 ? key(t) : inter(t));
    expect(log.keptBytes).toBe(0);
  });

  test('a paused viewer holds its place, within the bound', () => {
    const { viewer, sink } = join();
    feed(key(0));
    log.pause(viewer);
    sink.take();
    feed(inter(40), inter(80));
    expect(sink.take()).toEqual([]);
    log.resume(viewer);
    expect(sink.take()).toEqual(['v:inter@40', 'v:inter@80']);
  });
});

describe('WireLog: batches', () => {
  test('frames of one read leave in one write', () => {
    const { sink } = join();
    const before = sink.writes;
    feed(key(0), inter(40), audio(41));
    expect(sink.writes - before).toBe(1);
  });

  test('a merge window bunches writes, and a key frame starts a batch of its own', () => {
    open({ window: ms(100) });
    const { sink } = join();
    const before = sink.writes;
    for (let t = 0; t < 90; t += 10) {
      feed(inter(t));
      clock.advance(10);
    }
    clock.advance(10);
    expect(sink.writes - before).toBe(1);
  });

  test.each([
    [false, 350],
    [true, 20],
  ])('min_latency %s: with too many viewers for every frame alone, it waits %i ms', (minLatency, wait) => {
    const governor = new FanoutGovernor(clock);
    log = new WireLog(plainFormat, clock, governor, { ...defaults, window: undefined, minLatency });
    const { sink } = join();
    sink.take();
    log.wakes = 1;
    clock.advance(500);
    governor.spent(1_000_000, 100); // as if its writes took ten seconds each
    governor.tick();
    feed(key(0));
    clock.advance(wait - 1);
    expect(sink.take()).toEqual([]);
    clock.advance(1);
    expect(sink.take()).toEqual(['v:key@0']);
  });

  test('send_min_interval: one message at a time', () => {
    open({ minInterval: 10 });
    const { sink } = join();
    sink.take();
    feed(key(0), inter(40), inter(80));
    expect(sink.take()).toEqual(['v:key@0']);
    clock.advance(10);
    expect(sink.take()).toEqual(['v:inter@40']);
    clock.advance(10);
    expect(sink.take()).toEqual(['v:inter@80']);
  });

  test('many viewers: each gets every frame once, also when some leave in the middle', () => {
    const all = Array.from({ length: 300 }, join);
    for (const { sink } of all) sink.take();
    feed(key(0));
    for (const { viewer } of all.slice(0, 100)) log.leave(viewer);
    feed(inter(40), inter(80));
    for (const { sink } of all.slice(100)) expect(sink.take()).toEqual(['v:key@0', 'v:inter@40', 'v:inter@80']);
  });

  test('close leaves no timer', () => {
    open({ window: ms(100), minInterval: 5 });
    join();
    feed(key(0), inter(40));
    log.close();
    expect(clock.timers).toBe(0);
  });
});

describe('WireLog: when a publisher is gone', () => {
  test('newcomers do not see its last pictures', () => {
    join();
    feed(key(0), inter(40));
    log.endPublish();
    const { sink } = join();
    expect(sink.take().filter((s) => s.startsWith('v:key') || s.startsWith('v:inter'))).toEqual([]);
  });
});

describe('WireLog: the first viewer of a format', () => {
  test('without a GOP cache waits for a key frame, when a picture is under way', () => {
    open({ startFromCache: false });
    log.prime([], headers, true, ms(0));
    const { sink } = join();
    feed(inter(40), audio(45));
    feed(key(80));
    expect(sink.take().slice(3)).toEqual(['a:audio@45', 'v:key@80']);
  });
});

describe('WireLog: nothing is kept, and the clock of the stream is far on', () => {
  test.each([
    ['the first viewer', 0],
    ['the second one', 1],
  ])('%s waits for a key frame all the same', (_, others) => {
    open({ startFromCache: false });
    log.prime([], headers, true, ms(60_000));
    for (let i = 0; i < others; i++) join();
    if (others > 0) feed(key(60_040), inter(60_080));
    const { sink } = join();
    sink.take();
    feed(inter(60_120), inter(60_160));
    feed(key(60_200));
    expect(sink.take()).toEqual(['v:key@60200']);
  });
});

describe('WireLog: send_min_interval slower than the stream', () => {
  test('does not queue for ever, but goes on at the newest key frame', () => {
    open({ minInterval: 100 });
    const { sink } = join();
    for (let t = 0; t < 20_000; t += 40) {
      feed(t % 400 === 0 ? key(t) : inter(t));
      clock.advance(40);
    }
    const last = Number(sink.take().at(-1)?.split('@')[1]);
    expect(20_000 - last).toBeLessThanOrEqual(defaults.maxLag + 500);
  });
});
