import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { MediaMessage } from '../../src/link/index.js';
import { AmfObject } from '../../src/protocol/amf/index.js';
import { ClientHandshake, command, control, encodeChunks } from '../../src/protocol/rtmp/index.js';
import { apiOf } from '../support/api.js';
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
http_api { enabled on; listen 127.0.0.1:API_PORT; }
vhost __defaultVhost__ { queue_length 4; publish { normal_timeout 30000; } }
`;

/** ms of media. */
const QUEUE = 4000;
const GOP = 1000;
const FRAMES = 1500;
const FRAME_BYTES = 120_000;

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
    const { clients } = (await apiOf(srs.ports.API_PORT)('/api/v1/clients?count=1000')).body;
    const lags = clients.map(({ lag_ms }: { lag_ms: number }) => lag_ms).filter((lag: number) => lag > 0);
    expect(lags).toHaveLength(200);
    expect(Math.min(...lags)).toBeGreaterThan(QUEUE / 2);
    expect(Math.max(...lags)).toBeLessThanOrEqual(QUEUE + GOP);
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
    let throttled = true;
    let sent = 0;
    let bytesSent = 0;
    let read = 0;
    let furthest = 0;
    socket.on('data', () => {
      for (; read < slow.messages.length; read++) {
        const { kind, timestamp } = slow.messages[read] as MediaMessage;
        if (kind === 'video' && timestamp > 0) furthest = Math.max(furthest, sent - timestamp);
      }
      if (!throttled) return;
      socket.pause();
      // One read of at most 64 KiB, then a rest: half of what is sent, however fast this machine sends it.
      const goOn = (): void => {
        if (!throttled || socket.bytesRead < bytesSent / 2) socket.resume();
        else setTimeout(goOn, 4);
      };
      setTimeout(goOn, 4);
    });
    const note = (_i: number, time: number): number => {
      bytesSent += FRAME_BYTES;
      sent = time;
      return time;
    };
    await feed(publisher, { frames: FRAMES, bytes: FRAME_BYTES, pace: 8, at: note });
    throttled = false;
    await feed(publisher, { start: FRAMES * 40, frames: 50, bytes: 10_000, pace: 10, at: note });
    await slow.until('the live edge again', () => times(slow.media(), 'video').at(-1) === sent, 30_000);
    await good.until('every frame', () => times(good.media(), 'video').length === FRAMES + 50, 30_000);
    const seen = times(slow.media(), 'video');
    expect(seen.length).toBeLessThan(FRAMES);
    expect(neverBack(seen)).toBe(true);
    // After each gap the first video frame is a key frame.
    for (let i = 1; i < seen.length; i++)
      if ((seen[i] as number) - (seen[i - 1] as number) > 40) expect((seen[i] as number) % GOP).toBe(0);
    // What lies in the kernel's buffers was sent before anybody could know that the player is slow. Without a bound the
    // lag would be half of all that was sent, 30 s; of a usual kernel's buffers 7 s.
    const bound = QUEUE + 2 * GOP + (kernelBytes() / FRAME_BYTES) * 40;
    expect(furthest).toBeGreaterThan(QUEUE);
    expect(furthest).toBeLessThan(bound);
    expect(srs.log()).toContain('player is too slow');
    expect((await srs.stop()).code).toBe(0);
  });
});

/** What a connection on this machine may hold in the buffers of both its ends. */
function kernelBytes(): number {
  const most = (name: string) => Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').trim().split(/\s+/)[2]);
  // Half of a receive buffer is overhead.
  return most('tcp_wmem') + most('tcp_rmem') / 2;
}
