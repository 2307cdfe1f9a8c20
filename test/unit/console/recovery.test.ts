import { expect, test } from 'vitest';
import { Recovery } from '../../../src/console/recovery.js';

test('what breaks again soon after it was mended is not mended again; later it is', () => {
  const recovery = new Recovery(10_000);
  expect([500, 700, 10_400, 10_500, 10_600, 30_000].map((now) => recovery.tries(now))).toEqual([
    ...[true, false, false],
    ...[true, false, true],
  ]);
});
