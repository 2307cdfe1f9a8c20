import { assert, describe, test } from 'vitest';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { publish, record } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
grace_drain 20;
http_api { enabled on; listen 127.0.0.1:API_PORT; read_token r; write_token w; }
vhost __defaultVhost__ { publish { grace 0.3; } }
`;

const api = (srs: Srs, path: string, token = 'r', method = 'GET') =>
  fetch(`http://127.0.0.1:${srs.ports.API_PORT}${path}`, { method, headers: { authorization: `Bearer ${token}` } });

interface Heard {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Listens to /api/v1/events as a browser's EventSource would. */
async function listen(srs: Srs) {
  const reply = await api(srs, '/api/v1/events');
  assert.equal(reply.headers.get('content-type'), 'text/event-stream');
  const events: Heard[] = [];
  let text = '';
  const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let ended = false;
  const read = async (): Promise<void> => {
    for (;;) {
      const { value, done } = await reader.read().catch(() => ({ value: undefined, done: true }));
      if (done) break;
      text += decoder.decode(value, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        const event = field('event');
        if (event !== undefined) events.push({ event, data: JSON.parse(field('data') ?? '{}') });
      }
    }
    ended = true;
  };
  void read();
  return { events, names: () => events.map(({ event }) => event), ended: () => ended, stop: () => reader.cancel() };
}

describe('live events', () => {
  test('streams come and go, clients join and leave, warnings; for readers only', async () => {
    const srs = await startSrs({ config });
    assert.equal((await api(srs, '/api/v1/events', 'wrong')).status, 401);
    const heard = await listen(srs);
    const url = srs.url('live', 's?token=hidden');
    const publisher = await publish(url);
    await until('the stream is up', () => heard.names().includes('stream_up'));
    const player = await record(url);
    await feed(publisher, { frames: 5 });
    await until('both joined', () => heard.names().filter((name) => name === 'client_join').length === 2);
    player.client.close();
    await until('the player left', () => heard.names().includes('client_leave'));
    const second = await publish(url); // takes over
    await until('the stream is up again', () => heard.names().filter((name) => name === 'stream_up').length === 2);
    second.close();
    await until('the stream is down', () => heard.names().includes('stream_down'), 15_000);

    const of = (name: string) => heard.events.filter(({ event }) => event === name).map(({ data }) => data);
    assert.deepEqual(
      of('stream_up').map(({ stream, ip, again }) => ({ stream, ip, again })),
      [
        { stream: '__defaultVhost__/live/s', ip: '127.0.0.1', again: false },
        { stream: '__defaultVhost__/live/s', ip: '127.0.0.1', again: true },
      ],
    );
    const [up] = of('stream_up');
    assert.isTrue(of('client_join').some(({ id, type }) => id === up?.cid && String(type).endsWith('-publish')));
    const [left] = of('client_leave');
    assert.isAbove(Number(left?.send_bytes), 3000);
    assert.deepEqual(Object.keys(left ?? {}).slice(0, 5), ['time', 'id', 'stream', 'ip', 'protocol']);
    assert.match(String(of('warning')[0]?.why), /another publisher/);
    assert.equal(of('warning')[0]?.code, 'PUBLISHER_EVICTED');
    assert.isTrue(heard.events.every(({ data }) => !Number.isNaN(Date.parse(String(data.time)))));
    assert.notInclude(JSON.stringify(heard.events), 'hidden');
  });

  test('32 listeners and no more; one that leaves makes room; they end with the server', async () => {
    const srs = await startSrs({ config });
    const listeners = await Promise.all(Array.from({ length: 32 }, () => listen(srs)));
    const refused = await api(srs, '/api/v1/events');
    assert.deepEqual([refused.status, ((await refused.json()) as { code: string }).code], [503, 'API_LISTENERS']);
    await listeners[0]?.stop();
    await until('there is room', async () => {
      const reply = await api(srs, '/api/v1/events');
      if (reply.status === 200) return reply;
      await reply.text();
      return undefined;
    });
    assert.equal((await srs.stop()).code, 0);
    await until('all have ended', () => listeners.slice(1).every(({ ended }) => ended()));
  });
});

test('/healthz and /readyz need no token; while it is full or drains the server is alive and not ready', async () => {
  const srs = await startSrs({ config: `${config}max_connections 2;` });
  const status = async (path: string) => {
    const reply = await fetch(`http://127.0.0.1:${srs.ports.API_PORT}${path}`);
    return [reply.status, ((await reply.json()) as { status: string }).status];
  };
  assert.deepEqual(
    [await status('/healthz'), await status('/readyz')],
    [
      [200, 'ok'],
      [200, 'ready'],
    ],
  );
  await publish(srs.url('live', 's'));
  const first = await record(srs.url('live', 's'));
  await until('it is full', async () => (await status('/readyz'))[0] === 503);
  assert.deepEqual(
    [await status('/healthz'), await status('/readyz')],
    [
      [200, 'ok'],
      [503, 'full'],
    ],
  );
  first.client.close();
  await until('it has a place again', async () => (await status('/readyz'))[0] === 200);
  const player = await record(srs.url('live', 's'));
  srs.signal('SIGQUIT');
  await until('it drains', async () => (await status('/readyz'))[1] === 'draining');
  assert.deepEqual(
    [await status('/healthz'), await status('/readyz')],
    [
      [200, 'ok'],
      [503, 'draining'],
    ],
  );
  player.client.close();
  await until('it stops', () => srs.log().includes('"stopped"'));
});
