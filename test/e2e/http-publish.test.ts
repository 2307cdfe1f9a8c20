import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import type { MediaMessage } from '../../src/link/index.js';
import { TagType, tagLength, writeTag } from '../../src/protocol/flv/index.js';
import { confOf } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { reload } from '../support/reload.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pause, publish, record } from '../support/streams.js';
import { feed, tag } from '../support/synthetic.js';

const config = (vhost = '', root = ''): string =>
  confOf(`http_remux { enabled on; wait 0; } ${vhost}`, `http_server { enabled on; listen HTTP_PORT; } ${root}`);

type Headers = Readonly<Record<string, string>>;
const FORM = { 'Content-Type': 'text/plain' };
const EVIL = { ...FORM, Origin: 'https://evil.example' };
const own = (srs: Srs): string => `http://127.0.0.1:${srs.ports.HTTP_PORT}`;
const HEADER = Buffer.from('464c5601050000000900000000', 'hex');

/** @returns the status of the answer to a request of a body. */
const send = (srs: Srs, method: string, headers: Headers, body: Buffer): Promise<number> =>
  new Promise((resolve, reject) => {
    const at = { host: '127.0.0.1', port: srs.ports.HTTP_PORT, path: '/live/a.flv', method, headers, agent: false };
    const sent = request(at, (reply) => resolve(reply.resume().statusCode ?? 0));
    sent.on('error', reject).end(body);
  });

/** @returns the status of the answer to a WebSocket handshake; 101: it is open. */
const handshake = (srs: Srs, headers: Headers): Promise<number> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${srs.ports.HTTP_PORT}/live/b.flv?publish`, { headers });
    socket.on('error', () => undefined);
    socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0));
    socket.on('open', () => {
      resolve(101);
      socket.close();
    });
  });

withPeers('ffmpeg')('an encoder over HTTP', () => {
  test.each([
    ['empty', ''],
    ['of no AMF type', '0eff'],
    ['cut off', '02ffff41'],
  ])('keeps its stream when a script tag of it is %s', async (_, hex) => {
    const srs = await startSrs({ config: config() });
    const flv = readFileSync(await clip({}));
    const tag = Buffer.alloc(11 + hex.length / 2 + 4);
    tag.writeUInt32BE((18 << 24) | (hex.length / 2));
    tag.write(hex, 11, 'hex');
    const player = await record(srs.url('live', 'a'));
    expect(await send(srs, 'POST', FORM, Buffer.concat([flv.subarray(0, 13), tag, flv.subarray(13)]))).toBe(200);
    await player.until('its pictures', (m) => m.filter(({ kind }) => kind === 'video').length > 700);
  });
});

describe('a web page', () => {
  withPeers('ffmpeg')('of another origin', () => {
    test('takes no stream from its encoder: 403 and a line in the log; the own page and programs may', async () => {
      const srs = await startSrs({ config: config() });
      const flv = readFileSync(await clip({}));
      const publisher = await publish(srs.url('live', 'a'));
      await feed(publisher, { frames: 5 });
      for (const method of ['POST', 'PUT'])
        for (const headers of [EVIL, { ...FORM, Origin: 'null' }])
          expect(await send(srs, method, headers, flv.subarray(0, 50_000))).toBe(403);
      expect(srs.log()).not.toContain('another publisher');
      const line = /\{[^\n]*"code":"ORIGIN_DENIED"[^\n]*\}/.exec(srs.log())?.[0] ?? '{}';
      expect(JSON.parse(line)).toMatchObject({
        level: 40,
        peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        origin: 'https://evil.example',
      });
      await feed(publisher, { frames: 5 });
      publisher.close();
      expect(await send(srs, 'POST', { ...FORM, Origin: own(srs) }, flv)).toBe(200);
      expect(await send(srs, 'PUT', FORM, flv)).toBe(200);
    });
  });

  test('of another origin opens no WebSocket that publishes', async () => {
    const srs = await startSrs({ config: config() });
    expect(await handshake(srs, { Origin: 'https://evil.example' })).toBe(403);
    expect(await handshake(srs, { Origin: own(srs) })).toBe(101);
    expect(await handshake(srs, {})).toBe(101);
  });

  test('of another origin is not offered POST and PUT', async () => {
    const srs = await startSrs({ config: config() });
    const offer = async (headers: Headers) =>
      (await fetch(`${own(srs)}/live/a.flv`, { method: 'OPTIONS', headers })).headers.get(
        'access-control-allow-methods',
      );
    expect(await offer({ Origin: 'https://evil.example' })).toBe('GET, HEAD, OPTIONS');
    expect(await offer({ Origin: own(srs) })).toBe('GET, HEAD, POST, PUT, OPTIONS');
  });
});

test('normal_timeout counts from the first sound or picture on: metadata and configurations are none', async () => {
  const srs = await startSrs({ config: config('publish { normal_timeout 1000; }') });
  const source = new WebSocket(`ws://127.0.0.1:${srs.ports.HTTP_PORT}/live/a.flv?publish`);
  let ended = false;
  source.on('close', () => (ended = true)).on('error', () => undefined);
  await new Promise((open) => source.once('open', open));
  const send = ({ kind, timestamp, payload }: MediaMessage): void => {
    const type = kind === 'video' ? TagType.video : TagType.audio;
    const bytes = Buffer.alloc(tagLength(payload.length));
    writeTag(bytes, 0, type, timestamp, payload);
    source.send(bytes);
  };
  source.send(HEADER);
  send(tag.avcConfig());
  send(tag.aacConfig());
  await pause(2500);
  expect(ended).toBe(false);
  send(tag.key(0));
  const since = performance.now();
  await until('it is closed', () => ended, 5000);
  expect(performance.now() - since).toBeGreaterThan(900);
  await until('the log says why', () => srs.log().includes('did not send a tag within 1000 ms'));
});

test('publish off: 403 by POST, PUT and WebSocket; a reload ends who pushes, and not who plays', async () => {
  const srs = await startSrs({ config: config() });
  const source = new WebSocket(`ws://127.0.0.1:${srs.ports.HTTP_PORT}/live/a.flv?publish`);
  let ended = false;
  source.on('close', () => (ended = true)).on('error', () => undefined);
  await new Promise((open) => source.once('open', open));
  source.send(HEADER);
  await until('it publishes', () => srs.log().includes('publish started'));
  await reload(srs, (text) => text.replace('wait 0;', 'wait 0; publish off;'));
  await until('the encoder is sent away', () => ended);
  const told = '"code":"PUBLISH_OFF","why":"nobody may publish over HTTP here any more","msg":"publish ended"';
  await until('the log says why', () => srs.log().includes(told));
  expect(await send(srs, 'POST', {}, HEADER)).toBe(403);
  expect(await send(srs, 'PUT', {}, HEADER)).toBe(403);
  expect(await handshake(srs, {})).toBe(403);
  const publisher = await publish(srs.url('live', 'a'));
  expect((await fetch(`${own(srs)}/live/a.flv`, { method: 'HEAD' })).status).toBe(200);
  publisher.close();
  await reload(srs, (text) => text.replace('publish off;', ''));
  expect(await handshake(srs, {})).toBe(101);
});

test('allow publish 127.0.0.1 lets in nobody who came through a proxy on this machine, unless it is trusted', async () => {
  const rules = 'security { enabled on; allow publish 127.0.0.1; allow play 127.0.0.1; }';
  const srs = await startSrs({ config: config(rules) });
  const forwarded: Headers[] = [
    { 'X-Forwarded-For': '192.0.2.1' },
    { Forwarded: 'for=192.0.2.1' },
    { 'X-Real-IP': '192.0.2.1' },
  ];
  for (const headers of forwarded) {
    expect(await send(srs, 'POST', headers, HEADER)).toBe(403);
    expect(await handshake(srs, headers)).toBe(403);
    expect(await send(srs, 'GET', headers, Buffer.alloc(0))).toBe(403);
  }
  expect(await handshake(srs, {})).toBe(101);
  const trusting = await startSrs({
    config: config(rules.replace('127.0.0.1', '192.0.2.1'), 'trusted_proxies 127.0.0.1;'),
  });
  expect(await handshake(trusting, { 'X-Forwarded-For': '192.0.2.1' })).toBe(101);
  expect(await handshake(trusting, { 'X-Forwarded-For': '192.0.2.2' })).toBe(403);
});

withPeers('ffmpeg')('a publisher over WebSocket', () => {
  test('gives the stream its name and nothing else: no key on the page, its own address, and it can be kicked', async () => {
    const srs = await startSrs({
      config: config(
        'security { enabled on; allow publish all; allow play 192.0.2.1; } hls { enabled on; hls_fragment 1; }',
        'trusted_proxies 127.0.0.1; http_api { enabled on; listen 127.0.0.1:API_PORT; write_token T; }',
      ).replace('http_server { enabled on;', 'http_server { enabled on; console on;'),
    });
    const get = (path: string, client: string) =>
      fetch(`${own(srs)}${path}`, { headers: { 'X-Forwarded-For': client } });
    const source = new WebSocket(`ws://127.0.0.1:${srs.ports.HTTP_PORT}/live/a.flv?publish&token=Top13`, {
      headers: { 'X-Forwarded-For': '192.0.2.1' },
    });
    let ended = false;
    source.on('close', () => (ended = true)).on('error', () => undefined);
    await new Promise((open) => source.once('open', open));
    source.send(readFileSync(await clip({ seconds: 4 })));
    await until('there is HLS', async () => (await get('/live/a.m3u8', '192.0.2.1')).status === 200, 20_000);

    const list = await (await get('/console/streams.json', '192.0.2.9')).text();
    expect(list).toContain('"stream":"a"');
    expect(list).not.toMatch(/Top13|param|192\.0\.2|tcUrl/);
    for (const path of ['/live/a.m3u8', '/live/a.flv']) expect((await get(path, '192.0.2.2')).status).toBe(403);
    const api = (path: string, method = 'GET') =>
      fetch(`http://127.0.0.1:${srs.ports.API_PORT}${path}`, { method, headers: { authorization: 'Bearer T' } });
    expect((await api('/metrics')).status).toBe(200);

    const { clients } = (await (await api('/api/v1/clients')).json()) as { clients: { id: string; type: string }[] };
    const publisher = clients.find(({ type }) => type === 'flv-publish');
    expect((await api(`/api/v1/clients/${publisher?.id}`, 'DELETE')).status).toBe(200);
    await until('the encoder is sent away', () => ended);
  });
});
