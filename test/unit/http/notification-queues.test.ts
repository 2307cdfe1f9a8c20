import { assert, test } from 'vitest';
import { ms } from '../../../src/core/index.js';
import { type Notification, NotificationQueues } from '../../../src/http/hooks/notification-queues.js';
import type { Log } from '../../../src/kernel/index.js';
import { FakeClock } from '../../support/fake-clock.js';

function queues() {
  const lines: string[] = [];
  const outcomes: string[] = [];
  const told = (_hook: string, outcome: string) => void outcomes.push(outcome);
  const note = (_fields: object, text: string) => void lines.push(text);
  return {
    it: new NotificationQueues(new FakeClock(), { warn: note, info: note } as unknown as Log, told),
    lines,
    outcomes,
  };
}

/** Is told when `gate` opens. */
const held = (gate: Promise<void>, told: number[], n: number): Notification => ({
  what: { hook: 'on_stop', url: '' },
  deliver: async () => {
    await gate;
    told.push(n);
  },
});

function gate() {
  let open = (): void => undefined;
  const closed = new Promise<void>((resolve) => (open = resolve));
  return { closed, open };
}

test('64 wait for one client; what comes then is dropped with a line, the others are told in order', async () => {
  const { it, lines, outcomes } = queues();
  const { closed, open } = gate();
  const told: number[] = [];
  for (let n = 0; n < 70; n++) it.add('a', held(closed, told, n));
  it.add('b', held(closed, told, 1000));
  assert.deepEqual(lines, Array(6).fill('hook notification dropped: too many are waiting'));
  open();
  await it.close(ms(1000));
  assert.deepEqual(
    told.filter((n) => n < 1000),
    Array.from({ length: 64 }, (_, n) => n),
  );
  assert.include(told, 1000);
  it.add('a', held(closed, told, 2000));
  assert.equal(lines.length, 7);
  assert.deepEqual(outcomes, [...Array(6).fill('dropped'), ...Array(65).fill('told'), 'dropped']);
});

test('10 000 wait together; a place that becomes free is given again', async () => {
  const { it, lines } = queues();
  const { closed, open } = gate();
  const told: number[] = [];
  for (let n = 0; n < 10_010; n++) it.add(`client ${n}`, held(closed, told, n));
  assert.equal(lines.length, 10);
  open();
  await it.settled('client 9999', ms(1000));
  it.add('late', held(closed, told, -1));
  await it.close(ms(1000));
  assert.equal(told.length, 10_001);
  assert.equal(lines.length, 10);
});
