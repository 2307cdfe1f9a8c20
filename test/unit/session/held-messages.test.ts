import { expect, test } from 'vitest';
import { freeze } from '../../../src/core/index.js';
import { HeldMessages } from '../../../src/session/held-messages.js';

const message = (bytes: number) => ({
  csid: 4,
  type: 9,
  streamId: 1,
  timestamp: 0,
  payload: freeze(Buffer.alloc(bytes)),
});
const fill = (held: HeldMessages, count: number, bytes: number): void => {
  for (let i = 0; i < count; i++) held.push(message(bytes));
};

test.each([
  ['messages', 1024, 0],
  ['bytes', 4, 2 ** 20],
])('the most that waits for an answer, in %s; what was taken does not count any more', (_, count, bytes) => {
  const held = new HeldMessages();
  fill(held, count, bytes);
  expect(held.take()).toHaveLength(count);
  expect(held.isEmpty).toBe(true);
  fill(held, count, bytes);
  expect(() => held.push(message(1))).toThrow(expect.objectContaining({ code: 'RTMP_STATE' }));
});
