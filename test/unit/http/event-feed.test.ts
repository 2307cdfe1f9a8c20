import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { assert, test } from 'vitest';
import { EventFeed } from '../../../src/http/events/event-feed.js';
import { MAX_WAITING, sendEvents } from '../../../src/http/events/event-response.js';
import type { StreamHub } from '../../../src/stream/index.js';
import { ClientRegistry, identify } from '../../../src/stream/index.js';
import { FakeClock } from '../../support/fake-clock.js';

const line = JSON.stringify({ level: 40, time: 't', pid: 1, conn: 'c', msg: 'x'.repeat(1000) });

/** A response whose socket takes what `takes` says and never says that it is done. */
function response(takes: (text: string) => void, stuck: boolean): ServerResponse {
  const made = new ServerResponse(new IncomingMessage(new Socket()));
  const socket = new Writable({
    highWaterMark: 1024,
    write: (chunk: Buffer, _encoding, done) => {
      takes(chunk.toString());
      if (!stuck) done();
    },
  });
  made.assignSocket(socket as unknown as Socket);
  return made;
}

test('a listener that does not read is closed when its bound is reached; the others hear all', async () => {
  const clock = new FakeClock();
  const hub = { observe: () => () => undefined } as unknown as StreamHub;
  const feed = new EventFeed(hub, new ClientRegistry(), identify(''), clock);
  let tooSlow = 0;
  let heard = '';
  const stuck = response(() => undefined, true);
  sendEvents(feed, clock, stuck, () => tooSlow++);
  sendEvents(
    feed,
    clock,
    response((text) => (heard += text), false),
    () => tooSlow++,
  );
  assert.equal(feed.listeners, 2);
  const count = Math.ceil(MAX_WAITING / 1000) + 10;
  for (let i = 0; i < count; i++) {
    feed.warned(line);
    if (i % 20 === 0) await setImmediate();
  }
  await setImmediate();
  assert.deepEqual([feed.listeners, tooSlow], [1, 1]);
  assert.isTrue(stuck.destroyed);
  assert.equal(heard.match(/event: warning\n/g)?.length, count);
  assert.match(heard, /id: 1\nevent: warning\ndata: \{"time":"[^"]+","level":"warn","conn":"c","msg":"x+"\}\n\n/);
  const before = heard.length;
  clock.advance(15_000);
  await setImmediate();
  assert.include(heard.slice(before), ':\n\n');
});
