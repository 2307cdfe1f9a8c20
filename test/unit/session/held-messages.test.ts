import { expect, test } from 'vitest';
import { freeze } from '../../../src/core/index.js';
import { MessageType, type WireMessage } from '../../../src/protocol/rtmp/index.js';
import { HeldMessages } from '../../../src/session/held-messages.js';

const message = (bytes: number): WireMessage => ({
  csid: 6,
  type: MessageType.video,
  streamId: 1,
  timestamp: 0,
  payload: freeze(Buffer.alloc(bytes)),
});

test.each([
  ['messages', message(1), 1024],
  ['bytes', message(64 * 1024), 64],
])('full at the most that waits for an answer, in %s; what was taken does not count any more', (_, one, most) => {
  const held = new HeldMessages();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < most; i++) {
      expect(held.isFull).toBe(false);
      held.push(one);
    }
    expect(held.isFull).toBe(true);
    expect(held.take()).toHaveLength(most);
  }
});
