import { assert, test } from 'vitest';
import { ms } from '../../../src/core/index.js';
import { Backoff } from '../../../src/kernel/index.js';

const limits = { first: ms(100), cap: ms(1000) };

test('waits double up to the cap, and begin anew when it works again', () => {
  const backoff = new Backoff(limits, () => 0.5);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map(() => backoff.next() as number),
    [100, 200, 400, 800, 1000, 1000],
  );
  backoff.reset();
  assert.equal(backoff.next(), 100);
});

test('chance moves a wait by a quarter at most', () => {
  assert.equal(new Backoff(limits, () => 0).next(), 75);
  assert.equal(new Backoff(limits, () => 1).next(), 125);
  const backoff = new Backoff(limits);
  for (let i = 0; i < 2000; i++) assert.isAtMost(backoff.next(), 1250); // 2 ** 1000 is no wait
});
