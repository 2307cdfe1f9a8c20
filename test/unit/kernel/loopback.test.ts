import { expect, test } from 'vitest';
import { isLoopback } from '../../../src/kernel/index.js';

test.each(['127.0.0.1', '127.255.0.3', '::1', '::ffff:127.0.0.1', '::FFFF:127.1.2.3'])(
  '%s is this machine',
  (address) => expect(isLoopback(address)).toBe(true),
);

test.each([
  '10.0.0.1',
  '::ffff:10.0.0.1',
  '128.0.0.1',
  '127.evil.example',
  '127.0.0.1.example',
  '::2',
  '',
  '2001:db8::1',
])('%s is not', (address) => expect(isLoopback(address)).toBe(false));
