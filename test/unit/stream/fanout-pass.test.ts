import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Frame, ms } from '../../../src/core/index.js';
import { FanoutGovernor } from '../../../src/stream/fanout-governor.js';
import { Viewer } from '../../../src/stream/viewer.js';
import { WireLog } from '../../../src/stream/wire-log.js';
import { FakeClock } from '../../support/fake-clock.js';
import { CostlySink } from '../../support/fake-sink.js';
import { inter, key, plainFormat } from '../../support/frames.js';

const STORY = ['v:key@0', 'v:inter@40', 'v:inter@80'];

test('a pass in slices: whoever stays, comes or goes between two of them gets every frame once, in order', async () => {
  const clock = new FakeClock();
  const log = new WireLog(plainFormat, clock, new FanoutGovernor(clock), {
    maxLag: ms(1000),
    maxBytes: 1_000_000,
    window: ms(0),
    minLatency: false,
    minInterval: 0,
    startFromCache: true,
  });
  const join = () => {
    const sink = new CostlySink(clock);
    const viewer = new Viewer(sink);
    log.join(viewer, []);
    return { sink, viewer };
  };
  const send = (frame: Frame): void => {
    log.append(frame, []);
    log.flush();
  };
  const all = Array.from({ length: 200 }, join);
  const left: typeof all = [];
  const behind = (): number => all.filter(({ viewer }) => viewer.position < log.head).length;
  /** Two slices later there are some that were served and some that were not. */
  const inTheMiddle = async (act: () => void): Promise<void> => {
    for (let slice = 0; slice < 2; slice++) await nextTurn();
    expect(behind()).toBeGreaterThan(0);
    expect(behind()).toBeLessThan(all.length);
    act();
    for (let slice = 0; slice < 20; slice++) await nextTurn();
    expect(behind()).toBe(0);
  };

  send(key(0));
  await inTheMiddle(() => {
    // The last of the list, which were not served yet, take the places of others that were.
    for (let index = 0; index < all.length; index += 10) left.push(...all.splice(index, 1));
    for (const { viewer } of left) log.leave(viewer);
    for (let i = 0; i < 5; i++) all.push(join());
  });
  send(inter(40));
  await inTheMiddle(() => send(inter(80)));
  for (const { sink } of all) expect(sink.take()).toEqual(STORY);
  for (const { sink } of left) {
    const seen = sink.take();
    expect(seen).toEqual(STORY.slice(0, seen.length));
  }
});
