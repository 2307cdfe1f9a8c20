import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get, request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { FlvReader } from '../../src/protocol/flv/index.js';
import { freePort } from '../support/free-port.js';
import { confOf } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { startNginxHttp } from '../support/nginx.js';
import { withPeers } from '../support/peers.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { pushFile } from '../support/streams.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/deploy.md'), 'utf8');
const section = page.slice(page.indexOf('## Reverse proxies'));
const [example = '', settings = ''] = [...section.matchAll(/^```nginx\n(.*?)^```/gms)].map(([, text]) => text);

/** What a text holds exactly once, replaced. */
function put(text: string, from: string, to: string): string {
  expect(text.split(from), from).toHaveLength(2);
  return text.replace(from, to);
}

withPeers('ffmpeg', 'nginx-rtmp')('nginx as docs/deploy.md has it', () => {
  test('playlists, cached segments, HTTP-FLV, WebSocket-FLV, both ways; each client by its own address', {
    timeout: 60_000,
  }, async () => {
    const config = confOf(
      `http_remux { enabled on; wait 1; } hls { enabled on; hls_fragment 1; }
       security { enabled on; allow play all; allow publish 127.0.0.1; allow publish 127.0.0.7; }`,
      `${settings} http_server { enabled on; listen HTTP_PORT; }`,
    );
    const srs = await startSrs({ config });
    const port = await freePort();
    await startNginxHttp((dir) => {
      const listening = put(example, 'listen 80;', `listen 127.0.0.1:${port};`);
      const leading = put(listening, '127.0.0.1:8080', `127.0.0.1:${srs.ports.HTTP_PORT}`);
      return put(leading, '/var/cache/nginx/srs', `${dir}/cache`);
    }, port);
    const here = `127.0.0.1:${port}`;
    pushFile(await clip(), srs.url('live', 'a'));

    const playlist = async (): Promise<string> => (await fetch(`http://${here}/live/a.m3u8?token=x`)).text();
    await until('segments', async () => ((await playlist()).match(/\.ts\?/g)?.length ?? 0) >= 2, 20_000);
    const before = await playlist();
    await until('the playlist moves', async () => (await playlist()) !== before, 10_000);
    const segment = (await playlist()).trim().split('\n').at(-1);
    const caches = [];
    for (let i = 0; i < 2; i++) {
      const answer = await fetch(`http://${here}/live/${segment}`);
      expect((await answer.arrayBuffer()).byteLength % 188).toBe(0);
      caches.push([answer.status, answer.headers.get('x-cache-status')]);
    }
    expect(caches).toEqual([
      [200, 'MISS'],
      [200, 'HIT'],
    ]);

    const read = (): { tags: () => number; take: (bytes: Buffer) => void } => {
      const parts: Buffer[] = [];
      return { tags: () => new FlvReader().push(Buffer.concat(parts)).length, take: (bytes) => void parts.push(bytes) };
    };
    const http = read();
    const player = get({ host: '127.0.0.1', port, path: '/live/a.flv', localAddress: '127.0.0.5' }, (reply) => {
      expect([reply.statusCode, reply.headers['content-type']]).toEqual([200, 'video/x-flv']);
      reply.on('data', http.take).on('error', () => undefined);
    });
    player.on('error', () => undefined);
    const ws = read();
    const origin = `http://${here}`;
    const socket = new WebSocket(`ws://${here}/live/a.flv`, { localAddress: '127.0.0.6', origin });
    socket.on('message', ws.take).on('error', () => undefined);
    await until('both play', () => http.tags() > 100 && ws.tags() > 100, 20_000);
    for (const address of ['127.0.0.5', '127.0.0.6'])
      expect(srs.log()).toMatch(new RegExp(`"peer":"${address.replaceAll('.', '\\.')}"[^\\n]*"msg":"play started"`));
    player.destroy();
    socket.close();

    const push = (from: string, pageOrigin: string): Promise<number> =>
      new Promise((resolve) => {
        const pushed = new WebSocket(`ws://${here}/live/b.flv?publish`, { localAddress: from, origin: pageOrigin });
        pushed.on('error', () => undefined);
        pushed.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0));
        pushed.on('open', () => resolve(pushed.terminate() ?? 101));
      });
    const posted = request({ host: '127.0.0.1', port, path: '/live/c.flv', method: 'POST', localAddress: '127.0.0.7' });
    posted.on('error', () => undefined).write(readFileSync(await clip()).subarray(0, 100_000));
    // Before its end: nginx does not collect it.
    await until('what is posted is live', () => /live\/c"[^\n]*publish started/.test(srs.log()));
    posted.destroy();
    expect(await push('127.0.0.7', origin)).toBe(101);
    expect(await push('127.0.0.7', 'http://evil.example')).toBe(403);
    expect(await push('127.0.0.8', origin)).toBe(403);
  });

  test('a cache that keeps every answer it may: who asked too early spoils nobody a stream that begins then', {
    timeout: 60_000,
  }, async () => {
    const config = confOf(
      'http_remux { enabled on; wait 0; } hls { enabled on; hls_fragment 1; }',
      'http_server { enabled on; listen HTTP_PORT; dir DIR; }',
    );
    const srs = await startSrs({ config });
    const port = await freePort();
    await startNginxHttp(
      (dir) => `proxy_cache_path ${dir}/cache keys_zone=all:1m;
        server { listen 127.0.0.1:${port}; location / {
          proxy_pass http://127.0.0.1:${srs.ports.HTTP_PORT}; proxy_cache all; proxy_cache_valid any 10m; } }`,
      port,
    );
    const ask = async (path: string): Promise<{ status: number; text: string }> => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    const early = await Promise.all(['/live/a.m3u8', '/live/a.flv', '/vod/a.m3u8'].map(ask));
    expect(early.map(({ status }) => status)).toEqual([404, 404, 404]);
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('the playlist', async () => (await ask('/live/a.m3u8')).status === 200, 20_000);

    // A live playlist among the files, as ffmpeg writes one.
    mkdirSync(join(srs.dir, 'vod'));
    for (const text of ['#EXTM3U\n#1\n', '#EXTM3U\n#2\n']) {
      writeFileSync(join(srs.dir, 'vod/a.m3u8'), text);
      expect(await ask('/vod/a.m3u8')).toEqual({ status: 200, text });
    }
  });
});
