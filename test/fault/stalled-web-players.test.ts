import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { apiOf } from '../support/api.js';
import { rss } from '../support/rss.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { publish, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; }
http_api { enabled on; listen 127.0.0.1:API_PORT; }
vhost __defaultVhost__ { http_remux { enabled on; mount [vhost]/[app]/[stream].flv; } queue_length 2; }
`;
const STALLED = 100;
const FRAMES = 700;
/** What is kept is hardly longer than queue_length, so no more can be told. */
const LATE = 1500;
const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

test.each([
  ['HTTP-FLV', 'flv', ''],
  ['WS-FLV', 'flv', upgrade],
])(
  `${STALLED} players of %s that never read are told apart, memory is bounded, another loses nothing (R7)`,
  async (_, extension, headers) => {
    const srs = await startSrs({ config });
    const publisher = await publish(srs.url('live', 's'));
    const good = await record(srs.url('live', 's'));
    await feed(publisher, { frames: 1 });
    const fed = () => new Set(times(good.media(), 'video').filter((time) => time > 0)).size;
    const before = rss(srs.pid);
    const sockets = Array.from({ length: STALLED }, () => {
      const socket = connect(srs.ports.HTTP_PORT as number, '127.0.0.1').pause();
      socket.on('error', () => undefined);
      socket.write(`GET /live/s.${extension} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
      return socket;
    });
    const clients = async (): Promise<Array<{ type: string; drops: number; lag_ms: number }>> =>
      (await apiOf(srs.ports.API_PORT)('/api/v1/clients?count=1000')).body.clients;
    await until('all have joined', async () => (await clients()).length === STALLED + 2);
    // 18 MB to each: more than the kernel takes before it first says no.
    await feed(publisher, { start: 40, frames: FRAMES, bytes: 20_000, pace: 8 });
    await good.until('every frame', () => fed() === FRAMES, 30_000);
    await until('they are known to be behind', async () => {
      const behind = (await clients()).filter(({ drops, lag_ms }) => drops > 0 || lag_ms > LATE);
      return behind.length === STALLED;
    });
    expect(rss(srs.pid) - before).toBeLessThan(60);
    expect(good.closed()).toBe(false);
    for (const socket of sockets) socket.destroy();
    publisher.close();
  },
  90_000,
);
