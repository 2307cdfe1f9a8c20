import { assert, test } from 'vitest';
import { AddressSet } from '../../../src/kernel/index.js';

test('addresses and ranges of both families; what cannot be read matches nothing', () => {
  const set = new AddressSet(['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '10.0.0.0/99', 'example.com', '']);
  assert.deepEqual(
    ['10.1.2.3', '192.0.2.7', 'fd12::1', '192.0.2.8', '11.0.0.1', 'fe80::1', 'example.com', ''].map((a) => set.has(a)),
    [true, true, true, false, false, false, false, false],
  );
  assert.deepEqual(set.unreadable, ['10.0.0.0/99', 'example.com', '']);
});
