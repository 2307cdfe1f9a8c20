import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, expect, test } from 'vitest';
import { reload } from '../support/reload.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { publish, record } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const config = (api: string) => `
listen PORT;
daemon off;
pid DIR/srs.pid;
srs_log_tank console;
http_api { enabled on; listen 0.0.0.0:API_PORT; ${api} }
vhost __defaultVhost__ { }
`;

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

interface Raw {
  text: string;
  closed: boolean;
}

/** A connection that sends these bytes and remembers what comes. */
function talk(port: number | undefined, bytes: string, host = '127.0.0.1'): Raw {
  const heard: Raw = { text: '', closed: false };
  const socket = connect(port ?? 0, host);
  open.push(socket);
  socket.on('data', (part) => (heard.text += part.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => (heard.closed = true));
  socket.write(bytes);
  return heard;
}

interface Reply {
  status: number;
  head: string;
  /** '' without a body. */
  body: { code?: unknown; message?: unknown; data?: unknown } | '';
}

/** One request as written, whatever a client library would say to it. */
async function ask(port: number | undefined, request: string, headers: readonly string[] = [], host?: string) {
  const [line = '', body = ''] = request.split('\n');
  const all = [...(headers.some((h) => /^host:/i.test(h)) ? [] : ['Host: 127.0.0.1']), 'Connection: close', ...headers];
  if (body !== '') all.push(`Content-Length: ${body.length}`);
  const heard = talk(port, `${line} HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n${body}`, host);
  await until(`an answer to ${line.slice(0, 60)}`, () => heard.closed);
  return parse(heard.text);
}

function parse(text: string): Reply {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { status: Number(head.slice(9, 12)), head, body: body === '' ? '' : JSON.parse(body) };
}

const isProblem = ({ body }: Reply, code: string) =>
  expect(body).toEqual({ code, message: expect.stringMatching(/./) });
const basic = (text: string) => `Authorization: Basic ${Buffer.from(text).toString('base64')}`;

test('keys that are missing, wrong, of the other scope, in the wrong place or from before a reload', async () => {
  const first = 'read_token reading; write_token writing; auth { enabled on; username admin; password pa:ss; }';
  const srs = await startSrs({ config: config(first) });
  const port = srs.ports.API_PORT;
  const read = 'GET /api/v1/streams';
  const write = 'DELETE /api/v1/clients/nobody';
  const statusOf = async (request: string, ...headers: string[]) => {
    const reply = await ask(port, request, headers);
    if (reply.status === 401) {
      if (!request.startsWith('HEAD')) isProblem(reply, 'API_REFUSED');
      assert.match(reply.head, /www-authenticate: Basic realm="srs"/i);
    }
    return reply.status;
  };
  // Whoever may write hears that nobody is there.
  for (const [request, header, wanted] of [
    [read, '', 401],
    [read, 'Authorization: Bearer reading', 200],
    [read, 'Authorization: bearer writing', 200],
    [read, basic('admin:pa:ss'), 200],
    [read, basic('admin:pa'), 401],
    [read, basic('admin:'), 401],
    [read, basic(':'), 401],
    [read, 'Authorization: Basic %%%', 401],
    [read, 'Authorization: Basic', 401],
    [read, 'Authorization: Bearer', 401],
    [read, 'Authorization: Bearer readin', 401],
    [read, 'Authorization: Bearer reading2', 401],
    [read, 'Authorization: Bearer -', 401],
    [read, `Authorization: Bearer ${'x'.repeat(8000)}`, 401],
    [read, 'Authorization: reading', 401],
    [read, 'X-Authorization: Bearer reading', 401],
    [read, 'Cookie: token=reading', 401],
    ['GET /api/v1/streams?token=reading&access_token=reading', '', 401],
    ['GET /api/v1/streams?callback=f&method=DELETE', 'Authorization: Bearer reading', 200],
    ['HEAD /api/v1/streams', '', 401],
    ['GET /api/v1/openapi.json', '', 401],
    ['GET /healthz?x', '', 401],
    ['GET //healthz', '', 401],
    ['GET /healthz/../api/v1/streams', '', 401],
    [write, '', 401],
    [write, 'Authorization: Bearer reading', 401],
    [write, 'Authorization: Bearer writing', 404],
    [write, basic('admin:pa:ss'), 404],
    ['POST /api/v1/reload', 'Authorization: Bearer reading', 401],
    ['GET /api/v1/raw?rpc=reload', 'Authorization: Bearer reading', 404],
    ['OPTIONS /api/v1/streams', '', 401],
  ] as const)
    assert.equal(
      await statusOf(request, ...(header === '' ? [] : [header])),
      wanted,
      `${request} ${header.slice(0, 60)}`,
    );

  // What was overheard counts no more once the operator has changed it.
  await reload(srs, (text) => text.replace(first, 'read_token another; write_token fresh;'));
  for (const old of ['Authorization: Bearer reading', 'Authorization: Bearer writing', basic('admin:pa:ss')])
    assert.equal((await ask(port, read, [old])).status, 401, old);
  assert.equal((await ask(port, read, ['Authorization: Bearer another'])).status, 200);
  for (const secret of ['reading', 'writing', 'another', 'fresh', 'pa:ss'])
    assert.ok(!srs.log().includes(secret), secret);
});

test('headers that anybody can write make nobody local', async () => {
  const srs = await startSrs({ config: config('') });
  const port = srs.ports.API_PORT;
  const read = 'GET /api/v1/streams';
  assert.equal((await ask(port, read)).status, 200);
  for (const header of [
    'X-Forwarded-For: 127.0.0.1',
    'X-Real-IP: 127.0.0.1',
    'Forwarded: for=127.0.0.1',
    'Host: evil.example.com',
    'Host: localhost.evil.example.com',
    'Host: 127.0.0.1.evil.example.com',
  ]) {
    const reply = await ask(port, read, [header]);
    assert.equal(reply.status, 403, header);
    isProblem(reply, 'API_REFUSED');
  }
  const address = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
  for (const header of ['X-Forwarded-For: 127.0.0.1', 'X-Real-IP: ::1', 'Host: localhost'])
    if (address !== undefined) assert.equal((await ask(port, read, [header], address)).status, 403, header);
});

test('pages of other origins', async () => {
  const srs = await startSrs({ config: config('write_token w; allow_origin https://good.example;') });
  const port = srs.ports.API_PORT;
  const key = 'Authorization: Bearer w';
  const from = (origin: string, request: string, ...more: string[]) =>
    ask(port, request, [`Origin: ${origin}`, ...more]);
  const preflight = ['Access-Control-Request-Method: DELETE', 'Access-Control-Request-Headers: authorization'];

  const asked = await from('https://good.example', 'OPTIONS /api/v1/clients/x', ...preflight);
  assert.equal(asked.status, 204);
  assert.match(asked.head, /access-control-allow-origin: https:\/\/good\.example\r/i);
  assert.match(asked.head, /access-control-allow-methods: .*DELETE/i);
  assert.doesNotMatch(asked.head, /allow-credentials/i);
  assert.match((await from('https://good.example', 'GET /api/v1/streams', key)).head, /allow-origin: https:\/\/good/i);
  assert.equal((await from('https://good.example', 'DELETE /api/v1/clients/x', key)).status, 404);

  for (const origin of ['https://evil.example', 'https://good.example.evil', 'http://good.example', 'null']) {
    const refused = await from(origin, 'OPTIONS /api/v1/clients/x', ...preflight);
    const answered = await from(origin, 'GET /api/v1/streams', key);
    for (const { head } of [refused, answered]) assert.doesNotMatch(head, /access-control-allow-origin/i, origin);
    assert.equal((await from(origin, 'DELETE /api/v1/clients/x', key)).status, 403, origin);
    assert.equal((await from(origin, 'POST /api/v1/reload', key)).status, 403, origin);
  }
  const { head, body } = await ask(port, 'GET /api/v1/versions?callback=f', [key]);
  assert.match(head, /content-type: application\/json/i);
  assert.match(head, /x-content-type-options: nosniff/i);
  assert.ok(body !== '' && body.code === 0);
});

test('garbage is answered in the one shape; slow and too many connections are closed; media goes on', async () => {
  const srs = await startSrs({ config: config('write_token w;') });
  const port = srs.ports.API_PORT;
  const encoder = await publish(srs.url('live', 'a'));
  const player = await record(srs.url('live', 'a'));
  const fed = feed(encoder, { frames: 100, pace: 100 });
  const slow = talk(port, 'GET /api/v1/streams HTTP/1.1\r\nHost: 127.0.0.1\r\n');

  const key = 'Authorization: Bearer w';
  for (const [request, headers, status, code] of [
    ['GET /nothing', [key], 404, 'API_NOT_FOUND'],
    ['GET /api/v1/clients/%zz', [key], 400, 'API_REQUEST'],
    ['GET /api/v1/clients/%00', [key], 404, 'API_NOT_FOUND'],
    ['GET /api/v1/clients/__proto__', [key], 404, 'API_NOT_FOUND'],
    ['GET /api/v1/clients?count=many', [key], 400, 'API_REQUEST'],
    ['GET /api/v1/clients?start=-1', [key], 400, 'API_REQUEST'],
    ['GET /healthz', ['Host: 127.0.0.1', 'Host: evil.example'], 400, 'API_REQUEST'],
    ['PATCH /api/v1/clients', [key], 405, 'API_METHOD'],
    ['GET /api/v1/reload', [key], 405, 'API_METHOD'],
    ['POST /api/v1/reload\n{', [key, 'Content-Type: application/json'], 400, 'API_REQUEST'],
    ['POST /api/v1/reload\nx', [key, 'Content-Type: image/png'], 415, 'API_REQUEST'],
    [`POST /api/v1/reload\n"${'x'.repeat(70_000)}"`, [key, 'Content-Type: application/json'], 413, 'API_REQUEST'],
    ['GET /api/v1/streams', [key, `X: ${'x'.repeat(20_000)}`], 431, 'API_REQUEST'],
  ] as const) {
    const reply = await ask(port, request, headers);
    assert.equal(reply.status, status, request.slice(0, 60));
    isProblem(reply, code);
  }
  const noHttp = talk(port, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n');
  await until('an answer to no HTTP', () => noHttp.closed);
  assert.equal(parse(noHttp.text).status, 400);
  isProblem(parse(noHttp.text), 'API_REQUEST');
  assert.match(noHttp.text, /\r\nDate: \w{3}, /);

  await until('a slow request is closed', () => slow.closed, 20_000);
  const many = Array.from({ length: 128 }, () => talk(port, ''));
  const oneMore = await until('one too many is closed', () => {
    const extra = talk(port, '');
    many.push(extra);
    return many.find(({ closed }) => closed);
  });
  assert.equal(oneMore.text, '');
  for (const socket of open.splice(0)) socket.destroy();
  await until('there is room again', async () => {
    const heard = talk(port, `GET /api/v1/streams HTTP/1.1\r\nHost: 127.0.0.1\r\n${key}\r\nConnection: close\r\n\r\n`);
    await until('it is over', () => heard.closed);
    return heard.text.startsWith('HTTP/1.1 200');
  });
  await fed;
  await player.until('all frames', (messages) => messages.filter(({ kind }) => kind === 'video').length >= 100);
  assert.doesNotMatch(srs.log(), /internal error/);
}, 60_000);
