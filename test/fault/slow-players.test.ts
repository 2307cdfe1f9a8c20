import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { AmfObject } from '../../src/protocol/amf/index.js';
import { ClientHandshake, command, control, encodeChunks } from '../../src/protocol/rtmp/index.js';
import { rss } from '../support/rss.js';
import { startSrs } from '../support/srs.js';
import { neverBack, publish, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

/** A player that asks for a stream and then reads nothing at all. */
function deafPlayer(port: number, app: string, stream: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const handshake = new ClientHandshake('simple');
    socket.once('error', reject);
    socket.once('connect', () => socket.write(handshake.start()));
    socket.on('data', (bytes: Buffer) => {
      const answer = handshake.done ? undefined : handshake.push(bytes);
      if (answer !== undefined) socket.write(answer);
      if (!handshake.done) return;
      socket.removeAllListeners('data');
      socket.pause();
      const connectArgs = AmfObject.of({ app, tcUrl: `rtmp://127.0.0.1:${port}/${app}` });
      for (const message of [
        control.setChunkSize(4096),
        command('connect', 1, [connectArgs], {}),
        command('createStream', 2, [null], {}),
        command('play', 3, [null, stream], { csid: 8, streamId: 1 }),
      ])
        socket.write(encodeChunks(message, message.type === 1 ? 128 : 4096));
      resolve(socket);
    });
  });
}

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
max_connections 2000;
vhost __defaultVhost__ { queue_length 10; publish { normal_timeout 30000; } }
`;

describe('slow players cost only themselves (R6, R7, R9)', () => {
  test('200 players that never read: memory bounded, no other viewer loses a frame', { timeout: 120_000 }, async () => {
    const srs = await startSrs({ config });
    const url = srs.url('live', 'deaf');
    const publisher = await publish(url);
    const good = await record(url);
    await feed(publisher, { frames: 25, bytes: 2500 });
    const before = rss(srs.pid);
    const deaf = await Promise.all(Array.from({ length: 200 }, () => deafPlayer(srs.port, 'live', 'deaf')));
    // 16 MB for each of them, four times as much as the kernel takes before a write is refused.
    await feed(publisher, { start: 1000, frames: 2000, bytes: 8000, pace: 8 });
    await good.until('every frame', () => times(good.media(), 'video').length === 2025, 60_000);
    expect(times(good.media(), 'video')).toEqual(Array.from({ length: 2025 }, (_, i) => i * 40));
    expect(rss(srs.pid) - before).toBeLessThan(60);
    expect(good.closed()).toBe(false);
    // Hundreds of frames went past each of them: one line each.
    const complaints = srs.log().match(/"conn":"\w+".*player is too slow/g) ?? [];
    expect(complaints).toHaveLength(deaf.length);
    expect(new Set(complaints.map((line) => line.slice(0, line.indexOf(',')))).size).toBe(deaf.length);
    for (const socket of deaf) socket.destroy();
    publisher.close();
    expect((await srs.stop()).code).toBe(0);
  });

  test('a player at half the bit rate drops whole GOPs, stays within its bound and recovers', {
    timeout: 120_000,
  }, async () => {
    const srs = await startSrs({ config });
    const url = srs.url('live', 'half');
    const publisher = await publish(url);
    const good = await record(url);
    const slow = await record(url);
    const socket = (slow.client.link as unknown as { socket: Socket }).socket;
    // One read of at most 64 KiB, then a rest: a quarter of what comes.
    let throttled = true;
    socket.on('data', () => {
      if (!throttled) return;
      socket.pause();
      setTimeout(() => socket.resume(), 45);
    });
    await feed(publisher, { frames: 1000, bytes: 60_000, pace: 10 });
    throttled = false;
    await feed(publisher, { start: 40_000, frames: 50, bytes: 10_000, pace: 10 });
    const last = 40_000 + 49 * 40;
    await slow.until('the live edge again', () => times(slow.media(), 'video').at(-1) === last, 30_000);
    await good.until('every frame', () => times(good.media(), 'video').length === 1050, 30_000);
    const seen = times(slow.media(), 'video');
    expect(seen.length).toBeLessThan(1050);
    expect(neverBack(seen)).toBe(true);
    // After each gap the first video frame is a key frame.
    for (let i = 1; i < seen.length; i++)
      if ((seen[i] as number) - (seen[i - 1] as number) > 40) expect((seen[i] as number) % 1000).toBe(0);
    expect(srs.log()).toContain('player is too slow');
    expect((await srs.stop()).code).toBe(0);
  });
});
