import assert from 'node:assert/strict';
import { test } from 'vitest';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { publish } from '../support/streams.js';

const config = `
listen PORT;
daemon off;
pid DIR/srs.pid;
srs_log_tank console;
http_api { enabled on; listen 127.0.0.1:API_PORT; write_token secret; }
vhost __defaultVhost__ { }
`;

interface StreamShape {
  name: string;
  publish: { active: boolean };
}

interface ClientShape {
  id: string;
  publish: boolean;
}

test('the API lists streams and clients; only the right token may kick', async () => {
  const srs = await startSrs({ config });
  const base = `http://127.0.0.1:${srs.ports.API_PORT}`;
  const get = async (path: string) =>
    (await fetch(base + path)).json() as Promise<{ streams: StreamShape[]; clients: ClientShape[] }>;
  await publish(srs.url('live', 'a'));
  const { streams } = await until('the stream is listed', async () => {
    const answer = await get('/api/v1/streams/');
    return answer.streams.length === 1 && answer.streams[0]?.publish.active ? answer : undefined;
  });
  assert.equal(streams[0]?.name, 'a');
  const { clients } = await get('/api/v1/clients');
  assert.equal(clients.length, 1);
  assert.equal(clients[0]?.publish, true);
  const target = `${base}/api/v1/clients/${clients[0]?.id}`;
  const kick = (authorization: string) => fetch(target, { method: 'DELETE', headers: { authorization } });
  assert.equal((await kick('')).status, 401);
  assert.equal((await kick('Bearer wrong')).status, 401);
  assert.equal((await kick('Bearer secret')).status, 200);
  await until('the client is gone', async () => (await fetch(target)).status === 404);
  assert.equal((await fetch(`${base}/api/v1/nothing`)).status, 404);
});
