import { expect, test } from 'vitest';
import { type Frame, freeze, ms } from '../../../../src/core/index.js';
import { FileHeaders } from '../../../../src/deliver/dvr/file-headers.js';

const config = (track: number, bytes: number): Frame => ({
  kind: 'video',
  role: 'config',
  codec: 'avc',
  track,
  dts: ms(0),
  cts: ms(0),
  payload: freeze(Buffer.alloc(bytes, 0x17)),
});

test('headers are bounded, in bytes and in number: a publisher with many tracks must not fill the memory (R7)', () => {
  const big = new FileHeaders();
  for (let track = 0; track < 200; track++) big.set(config(track, 2 ** 20));
  expect([...big]).toHaveLength(4);
  const many = new FileHeaders();
  for (let track = 0; track < 200; track++) many.set(config(track, 40));
  expect([...many]).toHaveLength(64);
  // One that is there can always be replaced by its like.
  many.set(config(3, 50));
  expect([...many].find(({ track }) => track === 3)?.payload).toHaveLength(50);
});
