import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import { assert, test } from 'vitest';
import { confOf, say, startHooks } from '../support/hook-server.js';
import { reload } from '../support/reload.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { publish, record } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const LISTS = ['server', 'application', 'stream', 'client'];
const parser = new XMLParser({ isArray: (name) => LISTS.includes(name), parseTagValue: false });

/** Paths of elements, those of a list once. */
function shapeOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap((one) => shapeOf(one, path)))];
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) => shapeOf(inner, `${path}/${name}`));
}

/** What nginx-rtmp has and this server does not know, or names by itself. */
const NOT_HERE = [
  '/rtmp/nginx_version',
  '/rtmp/nginx_rtmp_version',
  '/rtmp/built',
  '/rtmp/server/application/live/stream/bw_audio',
  '/rtmp/server/application/live/stream/bw_video',
  '/rtmp/server/application/live/stream/client/flashver',
  '/rtmp/server/application/live/stream/meta/video/compat',
];

test('/stat has the elements of nginx-rtmp 1.1.4 for a publisher and a player, and true numbers; for readers', async () => {
  const srs = await startSrs({
    config: confOf('', 'http_api { enabled on; listen 127.0.0.1:API_PORT; read_token r; }'),
  });
  const name = 'a<b>"c"';
  const publisher = await publish(`${srs.url('live', name)}?token=hidden`);
  const player = await record(srs.url('live', name));
  await feed(publisher, { frames: 30 });
  await player.until('all frames', () => player.media().length === 60);
  const ask = (token: string) =>
    fetch(`http://127.0.0.1:${srs.ports.API_PORT}/stat`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await ask('wrong')).status, 401);
  const reply = await ask('r');
  assert.equal(reply.headers.get('content-type'), 'text/xml; charset=utf-8');
  const text = await reply.text();
  assert.notInclude(text, 'hidden');
  const here = parser.parse(text);
  const there = parser.parse(readFileSync(join(import.meta.dirname, '../golden/stat/nginx-rtmp-1.1.4.xml'), 'utf8'));
  const shape = shapeOf(here);
  assert.deepEqual(
    shapeOf(there).filter((path) => !shape.includes(path)),
    NOT_HERE,
  );
  const { stream, nclients } = here.rtmp.server[0].application[0].live;
  assert.deepEqual([stream.length, stream[0].name, stream[0].nclients, nclients], [1, name, '2', '2']);
  const { video } = stream[0].meta;
  assert.deepEqual([video.codec, video.frame_rate], ['H264', '25']);
  assert.isAbove(Number(stream[0].bytes_in), 500);
  const clients = stream[0].client as Record<string, string>[];
  assert.deepEqual(
    clients.map((client) => [client.address, 'publishing' in client]),
    [
      ['127.0.0.1', true],
      ['127.0.0.1', false],
    ],
  );
  for (const { timestamp } of clients) assert.include(['1160', '1165'], timestamp);
  assert.isAtLeast(Number(here.rtmp.naccepted), 2);
});

test('heartbeats: body, reload, a manager that fails is reported once, and the end does not wait', async () => {
  const manager = await startHooks();
  const srs = await startSrs({
    config: confOf(
      '',
      `server_id edge-7; heartbeat { enabled on; interval 0.2; url ${manager.url}/servers?key=hidden; device_id "box 7"; summaries on; }`,
    ),
  });
  await until('three came', () => manager.calls.length >= 3);
  const { url, method, body } = manager.calls[0] ?? assert.fail();
  const { summaries, ip, service_id, ...rest } = body as Record<string, unknown>;
  assert.deepEqual([method, url, rest], ['POST', '/servers?key=hidden', { device_id: 'box 7', server_id: 'edge-7' }]);
  assert.match(String(ip), /^(\d+(\.\d+){3})?$/);
  assert.match(String(service_id), /^\w{8}$/);
  const { code, server, data } = summaries as { code: number; server: string; data: { self: { pid: number } } };
  assert.deepEqual([code, server, data.self.pid], [0, 'edge-7', srs.pid]);

  await reload(srs, (conf) => conf.replace('summaries on;', ''));
  const before = manager.calls.length;
  await until('others come', () => manager.calls.length > before + 1);
  assert.notProperty(manager.calls.at(-1)?.body, 'summaries');
  manager.behaviour['*'] = say('', 500);
  manager.behaviour.GET = say('', 500);
  const failing = manager.calls.length;
  await until('several fail', () => manager.calls.length > failing + 4);
  assert.equal(srs.log().match(/heartbeat failed/g)?.length, 1);
  delete manager.behaviour['*'];
  await until('it is well again', () => srs.log().includes('received again'));
  manager.behaviour['*'] = () => undefined;
  await reload(srs, (conf) => conf.replace('heartbeat { enabled on;', 'heartbeat { enabled off;'));
  const off = manager.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.isAtMost(manager.calls.length, off + 1);
  await reload(srs, (conf) => conf.replace('heartbeat { enabled off;', 'heartbeat { enabled on;'));
  const asked = performance.now();
  assert.equal((await srs.stop()).code, 0);
  assert.isBelow(performance.now() - asked, 4000);
  assert.notInclude(srs.log(), 'hidden');
});
