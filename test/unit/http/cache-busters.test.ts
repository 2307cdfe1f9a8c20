import { expect, test } from 'vitest';
import { withoutCacheBusters } from '../../../src/http/cache-busters.js';

test.each([
  ['', ''],
  ['?', '?'],
  ['?_=1', ''],
  ['?a=1&_=2', '?a=1'],
  ['?_=2&a=1', '?a=1'],
  ['?a=1&_t=2&b=3&cb=4', '?a=1&b=3'],
  ['?_HLS_msn=7&_HLS_part=2&token=x', '?token=x'],
  ['?_HLS_skip=YES&_', ''],
  ['?token=_=1', '?token=_=1'],
  // What a signing scheme of somebody's may need.
  [
    '?t=1&ts=2&timestamp=3&rand=4&expire=5&sign=6&my_=7&cb2=8',
    '?t=1&ts=2&timestamp=3&rand=4&expire=5&sign=6&my_=7&cb2=8',
  ],
])('%s → %s', (query, rest) => expect(withoutCacheBusters(query)).toBe(rest));
