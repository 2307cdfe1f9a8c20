import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { command, encodeChunks } from '../../src/protocol/rtmp/index.js';
import { RawPeer } from '../support/raw-peer.js';
import { rss } from '../support/rss.js';
import { startSrs } from '../support/srs.js';

const ENOUGH = 40_000_000;

test('a peer that asks on and on and reads no answer is not read from: it costs no memory', async () => {
  const srs = await startSrs();
  const peer = await RawPeer.playing(srs.port, 'nobody');
  peer.socket.pause();
  const before = rss(srs.pid);
  const call = Buffer.from(encodeChunks(command('x', 7, [null], { csid: 3 }), peer.outChunkSize));
  const calls = Buffer.concat(Array.from({ length: 500 }, () => call));
  let sent = 0;
  for (const until = Date.now() + 3000; Date.now() < until && sent < ENOUGH && !peer.closed; sent += calls.length)
    if (!peer.socket.write(calls)) await Promise.race([drained(peer), sleep(200)]);
  // Unbounded, it would be hundreds of MB by now.
  expect(rss(srs.pid) - before).toBeLessThan(50);

  peer.socket.resume();
  const answers = peer.story.length;
  await expect.poll(() => peer.story.length, { timeout: 5000 }).toBeGreaterThan(answers + 1000);
  const other = await RawPeer.playing(srs.port, 'nobody');
  expect(other.closed).toBe(false);
}, 30_000);

/** @returns when the socket takes more, however often that is asked. */
async function drained({ socket }: RawPeer): Promise<void> {
  while (socket.writableNeedDrain) await sleep(5);
}
