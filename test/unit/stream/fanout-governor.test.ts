import { describe, expect, test } from 'vitest';
import { FanoutGovernor } from '../../../src/stream/fanout-governor.js';
import type { WireLog } from '../../../src/stream/wire-log.js';
import { FakeClock } from '../../support/fake-clock.js';

/** A log with so many viewers whose frames wake it 68 times a second. */
const loaded = (viewers: number) => {
  const clock = new FakeClock();
  const governor = new FanoutGovernor(clock);
  const log = { viewers: { length: viewers }, wakes: 0 } as unknown as WireLog;
  governor.add(log);
  const run = (seconds: number, costPerWrite = 0.012) => {
    for (let i = 0; i < seconds * 2; i++) {
      log.wakes = 34;
      clock.advance(500);
      governor.spent(costPerWrite * 1000, 1000);
      governor.tick();
    }
  };
  return { governor, run };
};

describe('FanoutGovernor', () => {
  test('few viewers: every frame leaves at once', () => {
    const { governor, run } = loaded(100);
    run(3);
    expect(governor.window(false)).toBe(0);
  });

  test('many viewers: just the window that keeps fan-out at a third of the core', () => {
    const { governor, run } = loaded(2000);
    run(3);
    expect(governor.window(false)).toBe(Math.ceil((2000 * 0.012) / 0.33));
  });

  test('never more than 350 ms, and little with min_latency', () => {
    const { governor, run } = loaded(18_000);
    run(3);
    expect(governor.window(false)).toBe(350);
    expect(governor.window(true)).toBe(20);
  });

  test('follows the measured cost of a write', () => {
    const { governor, run } = loaded(2000);
    run(10, 0.024);
    expect(governor.window(false)).toBeGreaterThan(140);
    run(10, 0.001);
    expect(governor.window(false)).toBe(0);
  });
});
