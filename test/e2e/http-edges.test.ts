import { existsSync, mkdirSync, readdirSync, readlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { say, startHooks } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pause, pushFile } from '../support/streams.js';

const config = (vhost: string, more = ''): string => `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; dir DIR; }
vhost __defaultVhost__ { http_remux { enabled on; wait 0; } ${vhost} }
${more}
`;

const url = (srs: Srs, path: string): string => `http://127.0.0.1:${srs.ports.HTTP_PORT}${path}`;
const statusOf = async (srs: Srs, path: string): Promise<number> => {
  const answer = await fetch(url(srs, path));
  await answer.body?.cancel();
  return answer.status;
};

/** The first lines that come back for what is sent. */
async function raw(srs: Srs, text: string): Promise<string> {
  const socket = connect(srs.ports.HTTP_PORT as number, '127.0.0.1');
  let got = '';
  socket.on('data', (bytes) => (got += bytes.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write(text);
  await until('an answer', () => got.includes('\r\n\r\n'));
  socket.destroy();
  return got;
}

const statusFrom = (srs: Srs, localAddress: string, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const at = { host: '127.0.0.1', port: srs.ports.HTTP_PORT, path, localAddress, agent: false };
    get(at, (reply) => resolve(reply.resume().statusCode ?? 0)).on('error', reject);
  });

withPeers('ffmpeg')('HTTP at its edges', () => {
  test('an upgrade that is no WebSocket handshake takes no place of a viewer, and each start has its end', async () => {
    const hooks = await startHooks();
    const asked = `http_hooks { enabled on; on_play ${hooks.url}; on_stop ${hooks.url}; }`;
    const srs = await startSrs({ config: config(`play { max_viewers 2; } ${asked}`) });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('it is live', async () => (await statusOf(srs, '/live/a.flv')) === 200);
    const bad = 'GET /live/a.flv HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    for (let i = 0; i < 3; i++) expect(await raw(srs, bad)).toMatch(/^HTTP\/1\.1 400 /);
    await until('places are free', async () => (await statusOf(srs, '/live/a.flv')) === 200);
    const told = (action: string): number => hooks.calls.filter(({ body }) => body.action === action).length;
    await until('all have ended', () => told('on_play') > 3 && told('on_play') === told('on_stop'));
  });

  test('an upgrade that nobody knows is ignored: h2c gets its playlist and its stream', async () => {
    const srs = await startSrs({ config: config('hls { enabled on; hls_fragment 1; }') });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('a playlist', async () => (await statusOf(srs, '/live/a.m3u8')) === 200, 20_000);
    const offer =
      'HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n';
    const playlist = await raw(srs, `GET /live/a.m3u8 ${offer}`);
    expect(playlist).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(playlist).toMatch(/\r\nConnection: close\r\n/);
    expect(await raw(srs, `GET /live/a.flv ${offer}`)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(await raw(srs, `GET /nothing ${offer}`)).toMatch(/^HTTP\/1\.1 404 /);
  });

  test('files of HLS are no way round the access rules, nor to keys', async () => {
    const hls = 'hls { enabled on; hls_path DIR; hls_fragment 1; hls_keys on; }';
    const srs = await startSrs({
      config: config(
        `${hls} security { enabled on; allow publish all; deny play all; }`,
        'vhost other { hls { enabled on; } }',
      ),
    });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    const files = (): string[] => readdirSync(join(srs.dir, 'live'));
    await until('files', () => readdirSync(srs.dir).includes('live') && files().includes('a.m3u8'), 20_000);
    for (const name of files().filter((file) => !file.startsWith('.')))
      for (const path of [`/live/${name}`, `//live/${name}`, `/live//${name}`, `/live/${name}?vhost=other`])
        expect([403, 404], path).toContain(await statusOf(srs, path));
  });

  test.each([
    ['', 200],
    ['security { enabled off; deny play all; }', 200],
    ['refer { publish a.example; } sign { secret s; publish off; play off; }', 200],
    ['play { max_viewers 9; }', 404],
    ['sign { secret s; play on; }', 404],
    ['refer { play a.example; }', 404],
    ['security { enabled on; allow play all; allow publish all; }', 404],
    ['http_hooks { enabled on; on_play http://127.0.0.1:1/x; }', 404],
    ['KEYS', 404],
  ])('recordings where live HLS is written, as the original lays them out, with "%s": %d', async (rules, status) => {
    const keys = rules === 'KEYS' ? 'hls_keys on;' : '';
    const hls = `hls { enabled on; hls_path DIR; hls_fragment 1; ${keys} }`;
    const srs = await startSrs({ config: config(`${hls} ${keys === '' ? rules : ''}`) });
    mkdirSync(join(srs.dir, 'vod'));
    const files = ['movie.m3u8', 'movie.ts', 'movie.key', 'movie.mp4'];
    for (const name of files) writeFileSync(join(srs.dir, 'vod', name), 'x');
    const got = await Promise.all(files.map((name) => statusOf(srs, `/vod/${name}`)));
    expect(got).toEqual([status, status, status, 200]);
  });

  test('files of live HLS without rules are served; its playlist comes from memory', async () => {
    const srs = await startSrs({ config: config('hls { enabled on; hls_path DIR; hls_fragment 1; hls_window 60; }') });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    const file = join(srs.dir, 'live/a.m3u8');
    await until('files', () => existsSync(file), 20_000);
    const [segment] = readdirSync(join(srs.dir, 'live')).filter((name) => name.endsWith('.ts'));
    expect(await statusOf(srs, `/live/${segment}`)).toBe(200);
    writeFileSync(join(srs.dir, 'live/other.m3u8'), '#EXTM3U');
    expect(await statusOf(srs, '/live/other.m3u8')).toBe(200);
    const answer = await fetch(url(srs, '/live/a.m3u8'));
    expect([answer.headers.get('cache-control'), answer.headers.get('etag')]).toEqual(['no-cache', null]);
  });

  test('several slashes in a row are one: playlist, segment, live stream and file, under the same rules', async () => {
    const rules = 'security { enabled on; allow publish all; allow play all; deny play 127.0.0.1; }';
    const srs = await startSrs({
      config: config(
        'hls { enabled on; hls_fragment 1; }',
        `vhost closed { http_remux { enabled on; wait 0; } hls { enabled on; hls_fragment 1; } ${rules} }`,
      ),
    });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a?vhost=closed'));
    for (const vhost of ['__defaultVhost__', 'closed'])
      await until('a playlist', async () => (await statusOf(srs, `/live/a.m3u8?vhost=${vhost}`)) !== 404, 20_000);
    writeFileSync(join(srs.dir, 'page.html'), 'hello');
    const list = await (await fetch(url(srs, '//live//a.m3u8'))).text();
    const segment = /^a-\d+\.ts$/m.exec(list)?.[0];
    const ways = (name: string): string[] => [
      `//live/${name}`,
      `/live//${name}`,
      `///live///${name}`,
      `/live%2F/${name}`,
    ];
    for (const name of ['a.m3u8', `${segment}`, 'a.flv'])
      for (const path of ways(name)) {
        const status = async (target: string): Promise<string | undefined> =>
          /^HTTP\/1\.1 (\d+)/.exec(await raw(srs, `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`))?.[1];
        expect(await status(path), path).toBe('200');
        expect(await status(`http://x${path}`), `http://x${path}`).toBe('200');
        if (name !== segment) expect(await status(`${path}?vhost=closed`), `${path} of closed`).toBe('403');
      }
    expect(await statusOf(srs, '//page.html')).toBe(200);
    // The first part is no host, and hidden files stay hidden.
    for (const path of ['//127.0.0.1/live/a.m3u8', '//..//page.html', '//.//page.html', '//live//..//..//srs.conf'])
      expect(await raw(srs, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`), path).toMatch(/^HTTP\/1\.1 40[04] /);
  });

  test('a directory without / at its end leads to the one with it, on this server only; without an index it is nothing', async () => {
    const srs = await startSrs({ config: config('') });
    for (const dir of ['vod/a b#c', 'bare']) mkdirSync(join(srs.dir, dir), { recursive: true });
    for (const dir of ['vod', 'vod/a b#c']) writeFileSync(join(srs.dir, dir, 'index.html'), 'hello');
    const answer = (target: string, method = 'GET') => raw(srs, `${method} ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    for (const [target, location] of [
      ['/vod', '/vod/'],
      ['/vod?a=//b&c=?', '/vod/?a=//b&c=?'],
      ['//vod', '/vod/'],
      ['/%2Fvod', '/vod/'],
      ['/vod/a%20b%23c', '/vod/a%20b%23c/'],
      ['http://elsewhere.example/vod', '/vod/'],
    ] as const)
      for (const method of ['GET', 'HEAD']) {
        const got = await answer(target, method);
        expect(got, target).toMatch(/^HTTP\/1\.1 301 /);
        expect(/\r\nlocation: (.*)\r\n/i.exec(got)?.[1], target).toBe(location);
      }
    for (const target of ['/vod/', '/vod/index.html', '/vod/a%20b%23c/'])
      expect(await answer(target), target).toMatch(/^HTTP\/1\.1 200 /);
    for (const target of ['/bare', '/bare/', '//elsewhere.example/vod', '/..', '/vod/..', '/%5Cvod'])
      expect(await answer(target), target).toMatch(/^HTTP\/1\.1 40[04] /);
  });

  test('a part of a file: to GET alone, and with If-Range only to who has the same one (RFC 9110 §13.1.5, §14.2)', async () => {
    const srs = await startSrs({ config: config('') });
    const file = join(srs.dir, 'movie.mp4');
    writeFileSync(file, 'x'.repeat(100));
    utimesSync(file, 1_700_000_000, 1_700_000_000);
    const ask = async (headers: Record<string, string>, method = 'GET') => {
      const answer = await fetch(url(srs, '/movie.mp4'), { method, headers: { range: 'bytes=0-9', ...headers } });
      await answer.arrayBuffer();
      return { status: answer.status, length: answer.headers.get('content-length'), headers: answer.headers };
    };
    const part = await ask({});
    expect(part).toMatchObject({ status: 206, length: '10' });
    const [etag, date] = ['etag', 'last-modified'].map((name) => part.headers.get(name) ?? '') as [string, string];
    expect([etag.startsWith('W/'), date]).toEqual([true, 'Tue, 14 Nov 2023 22:13:20 GMT']);
    expect(await ask({ 'if-range': date })).toMatchObject({ status: 206, length: '10' });
    for (const other of [
      etag,
      etag.slice(2),
      '"x"',
      'Tue, 14 Nov 2023 22:13:19 GMT',
      'Tue, 14 Nov 2023 22:13:21 GMT',
      'x',
    ])
      expect(await ask({ 'if-range': other }), other).toMatchObject({ status: 200, length: '100' });
    for (const range of ['bytes=0-9', 'bytes=100-'])
      expect(await ask({ range, 'if-range': date }, 'HEAD')).toMatchObject({ status: 200, length: '100' });
    expect(await ask({ range: 'bytes=100-' })).toMatchObject({ status: 416 });
  });

  test('an encoder that left while the hook was asked publishes nothing and holds no stream', async () => {
    const hooks = await startHooks({ on_publish: (...call) => void setTimeout(() => say('0')(...call), 800) });
    const asked = `http_hooks { enabled on; on_publish ${hooks.url}; on_unpublish ${hooks.url}; }`;
    const srs = await startSrs({ config: config(`publish { policy reject; } ${asked}`) });
    const socket = connect(srs.ports.HTTP_PORT as number, '127.0.0.1');
    socket.write(
      'POST /live/a.flv HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nFLV\x01\x05\0\0\0\x09\r\n',
    );
    await until('it is asked', () => hooks.calls.length === 1);
    socket.destroy();
    await until('its end is told', () => hooks.calls.some(({ body }) => body.action === 'on_unpublish'));
    const other = await RawPeer.connected(srs.port);
    other.call('createStream');
    other.say('publish', 'a', 'live');
    await other.said('onStatus NetStream.Publish.Start');
  });

  test('a vhost with capitals: any case and a final dot, by RTMP and HTTP, lead to one stream', async () => {
    const srs = await startSrs({ config: config('', 'vhost Live.Example.com { http_remux { enabled on; } }') });
    pushFile(await clip({ gop: 25 }), `${srs.url('live', 'a')}?vhost=LIVE.example.com`);
    await until('it is live', () => srs.log().includes('"stream":"Live.Example.com/live/a"'));
    for (const host of ['live.example.com', 'LIVE.EXAMPLE.COM:8080', 'live.example.com.', 'live.example.com.:8080'])
      expect(await raw(srs, `HEAD /live/a.flv HTTP/1.1\r\nHost: ${host}\r\n\r\n`), host).toMatch(/^HTTP\/1\.1 200 /);
    expect(await statusOf(srs, '/live/a.flv?vhost=live.EXAMPLE.com')).toBe(200);
    expect(await statusOf(srs, '/live/a.flv')).toBe(404);
    const player = await RawPeer.connected(srs.port);
    player.play('a?vhost=live.example.COM');
    await player.said('onStatus NetStream.Play.Start');
    expect(srs.log()).not.toContain('live.example.COM');
  });

  test('crossdomain off: no page of another origin may read anything', async () => {
    const text = config('hls { enabled on; hls_fragment 1; }').replace('dir DIR;', 'dir DIR; crossdomain off;');
    const srs = await startSrs({ config: text });
    writeFileSync(join(srs.dir, 'page.html'), 'hello');
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('a playlist', async () => (await statusOf(srs, '/live/a.m3u8')) === 200, 20_000);
    for (const path of ['/live/a.m3u8', '/live/a.flv', '/page.html']) {
      const answer = await fetch(url(srs, path));
      expect([answer.status, answer.headers.get('access-control-allow-origin')], path).toEqual([200, null]);
      await answer.body?.cancel();
    }
    expect(await statusOf(srs, '/crossdomain.xml')).toBe(404);
  });

  test('cache-busters of players: one player, one URI for each segment; a flood of others leaves places, 503 for the rest', async () => {
    const hooks = await startHooks();
    const asked = `http_hooks { enabled on; on_play ${hooks.url}; }`;
    const srs = await startSrs({
      config: `max_connections 80;\n${config(`hls { enabled on; hls_fragment 1; } play { max_viewers 60; } ${asked}`)}`,
    });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('a playlist', async () => (await statusOf(srs, '/live/a.m3u8')) === 200, 20_000);
    for (let n = 0; n < 100; n++) {
      const text = await (await fetch(url(srs, `/live/a.m3u8?_=${n}&token=x`))).text();
      expect(text.trim().split('\n').at(-1)).toMatch(/\.ts\?token=x$/);
    }
    expect(hooks.of('on_play')).toHaveLength(2);
    const flood = [];
    for (let n = 0; n < 30; n++) flood.push(await statusOf(srs, `/live/a.m3u8?n=${n}`));
    expect(flood.filter((status) => status === 200)).toHaveLength(18);
    const refused = await fetch(url(srs, '/live/a.m3u8?n=99'));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
    expect(srs.log().match(/"code":"PLAYERS_LIMIT"/g)).toHaveLength(1);
    expect(await statusOf(srs, '/live/a.m3u8?n=1')).toBe(200);
    expect(await statusFrom(srs, '127.0.0.2', '/live/a.m3u8')).toBe(200);
  });

  test('hls_ts_ctx off: the mark of a player stays out of the URIs of segments, the rest of its query does not', async () => {
    const srs = await startSrs({ config: config('hls { enabled on; hls_fragment 1; hls_ctx on; hls_ts_ctx off; }') });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('a playlist', async () => (await statusOf(srs, '/live/a.m3u8')) === 200, 20_000);
    const master = await (await fetch(url(srs, '/live/a.m3u8?token=x'))).text();
    const media = master.trim().split('\n').at(-1) ?? '';
    expect(media).toMatch(/^a\.m3u8\?token=x&hls_ctx=\w+$/);
    const list = await (await fetch(url(srs, `/live/${media}`))).text();
    expect(list).toMatch(/\.ts\?token=x$/m);
    expect(list).not.toContain('hls_ctx');
  });

  test('a live answer waits for those that were asked for before it on the connection', async () => {
    const srs = await startSrs({ config: config('hls { enabled on; hls_fragment 1; }') });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('a playlist', async () => (await statusOf(srs, '/live/a.m3u8')) === 200, 20_000);
    const socket = connect(srs.ports.HTTP_PORT as number, '127.0.0.1');
    let got = '';
    socket.on('data', (bytes) => (got += bytes.toString('latin1')));
    socket.write(
      'GET /live/a.m3u8 HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\nGET /live/a.flv HTTP/1.1\r\nHost: x\r\n\r\n',
    );
    await until('media', () => got.length > 100_000);
    socket.destroy();
    expect(got.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
    expect(got.indexOf('#EXTM3U')).toBeLessThan(got.indexOf('video/x-flv'));
  });

  test('a file that waits for the answer before it is not left open when the connection goes', async () => {
    const srs = await startSrs({ config: config('').replace('wait 0;', 'wait 2;') });
    writeFileSync(join(srs.dir, 'big.bin'), Buffer.alloc(2_000_000));
    const openFiles = (): string[] =>
      readdirSync(`/proc/${srs.pid}/fd`).flatMap((fd) => {
        const link = `/proc/${srs.pid}/fd/${fd}`;
        return existsSync(link) ? [readlinkSync(link)] : [];
      });
    const both = 'GET /live/nobody.flv HTTP/1.1\r\nHost: x\r\n\r\nGET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n';
    const socket = connect(srs.ports.HTTP_PORT as number, '127.0.0.1');
    socket.write(both);
    await pause(500);
    socket.destroy();
    // One that stays gets both in order.
    let got = '';
    const other = connect(srs.ports.HTTP_PORT as number, '127.0.0.1');
    other.on('data', (bytes) => (got += bytes.toString('latin1'))).write(both);
    await until('both', () => got.length > 2_000_000);
    other.destroy();
    expect(got.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 200']);
    await until('none is left open', () => !openFiles().some((file) => file.endsWith('big.bin')));
  });

  test('an upgrade does not overtake the answer before it: the connection is closed', async () => {
    const hooks = await startHooks({ on_play: (...call) => void setTimeout(() => say('0')(...call), 1000) });
    const asked = `http_hooks { enabled on; on_play ${hooks.url}; }`;
    const srs = await startSrs({ config: config(`publish { policy reject; } ${asked}`) });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('it is live', async () => (await statusOf(srs, '/live/a.flv')) === 200);
    const first = 'GET /live/nobody.flv HTTP/1.1\r\nHost: x\r\n\r\n';
    const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
    const offer = (path: string, protocol: string) =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n${key}`;
    for (const upgrade of [offer('/live/b.flv?publish', 'websocket'), offer('/live/nothing', 'h2c')]) {
      const socket = connect(srs.ports.HTTP_PORT as number, '127.0.0.1');
      let got = '';
      let isClosed = false;
      socket.on('data', (bytes) => (got += bytes.toString('latin1')));
      socket.on('error', () => undefined);
      socket.on('close', () => (isClosed = true));
      socket.write(first + upgrade);
      await until('it is closed', () => isClosed);
      expect(got).toBe('');
    }
    expect(srs.log()).not.toContain('internal error');
    // One after the other they may share a connection.
    const socket = connect(srs.ports.HTTP_PORT as number, '127.0.0.1');
    let got = '';
    socket.on('data', (bytes) => (got += bytes.toString('latin1')));
    socket.write(first);
    await until('the first answer', () => got.includes('Not Found\n'));
    socket.write(offer('/live/b.flv?publish', 'websocket'));
    await until('the second', () => got.includes('HTTP/1.1 101 '));
    socket.destroy();
  });

  test('a playlist or segment is read, and nothing else; a path that is none is a plain 400', async () => {
    const srs = await startSrs({ config: config('hls { enabled on; hls_fragment 1; }') });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('a playlist', async () => (await statusOf(srs, '/live/a.m3u8')) === 200, 20_000);
    const segment = /^a-\d+\.ts$/m.exec(await (await fetch(url(srs, '/live/a.m3u8'))).text())?.[0];
    const sent = async (method: string, path: string) => {
      const { status, headers } = await fetch(url(srs, path), { method, ...(method !== 'DELETE' && { body: 'x' }) });
      return [status, headers.get('allow')];
    };
    for (const path of ['/live/a.m3u8', `/live/${segment}`])
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
        expect(await sent(method, path), `${method} ${path}`).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect(await sent('POST', '/live/nothing.m3u8')).toEqual([404, null]);
    expect((await sent('POST', '/live/a.flv'))[0]).toBe(400); // taken for a push, and no FLV
    const odd = await raw(srs, 'GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(odd).toMatch(/^HTTP\/1\.1 400 .*\r\naccess-control-allow-origin: \*\r\n.*\r\n\r\nBad Request\n$/s);
    expect(odd).toMatch(/\r\ncontent-type: text\/plain/);
  });

  test('with a mount for .ts a segment that is no more is 404 at once; a stream may still be called as one', async () => {
    const mounts = 'wait 3; mount [vhost]/[app]/[stream].flv; mount [vhost]/[app]/[stream].ts;';
    const srs = await startSrs({ config: config('hls { enabled on; hls_fragment 1; }').replace('wait 0;', mounts) });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('a playlist', async () => (await statusOf(srs, '/live/a.m3u8')) === 200, 20_000);
    const asked = async (path: string) => {
      const since = performance.now();
      return [await statusOf(srs, path), performance.now() - since > 2500 ? 'waited' : 'at once'];
    };
    expect(await asked('/live/a-17.ts')).toEqual([404, 'at once']);
    expect(await asked('/live/b-17.ts')).toEqual([404, 'waited']);
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a-17'));
    await until('it is live', async () => (await statusOf(srs, '/live/a-17.flv')) === 200);
    expect(await asked('/live/a-17.ts')).toEqual([200, 'at once']);
  });

  test('RFC 9112 §3.2: a request with two Host headers is 400, whichever of them is a vhost', async () => {
    const closed = 'vhost closed.example { hls { enabled on; hls_fragment 1; } http_remux { enabled on; wait 0; } }';
    const srs = await startSrs({ config: config('hls { enabled on; hls_fragment 1; }', closed) });
    writeFileSync(join(srs.dir, 'page.html'), 'hello');
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('a playlist', async () => (await statusOf(srs, '/live/a.m3u8')) === 200, 20_000);
    const segment = /^a-\d+\.ts$/m.exec(await (await fetch(url(srs, '/live/a.m3u8'))).text())?.[0];
    const key = 'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
    for (const [request, more, wanted] of [
      ['GET /live/a.flv', '', 200],
      ['HEAD /live/a.flv', '', 200],
      ['GET /live/a.m3u8', '', 200],
      [`GET /live/${segment}`, '', 200],
      ['GET /page.html', '', 200],
      ['GET http://x/page.html', '', 200],
      ['OPTIONS /live/a.flv', '', 204],
      ['POST /live/b.flv', 'Content-Length: 0\r\n', 400],
      ['GET /live/a.flv', `${key}Upgrade: websocket\r\n`, 101],
      ['GET /page.html', 'Connection: Upgrade\r\nUpgrade: h2c\r\n', 200],
    ] as const) {
      const status = async (hosts: string): Promise<number> =>
        Number(/^HTTP\/1\.1 (\d+) /.exec(await raw(srs, `${request} HTTP/1.1\r\n${hosts}${more}\r\n`))?.[1]);
      const name = `${request} ${more}`;
      expect(await status('Host: x\r\nDate: x\r\n'), name).toBe(wanted);
      expect(await status('Host: x\r\nhost: closed.example\r\n'), name).toBe(400);
      expect(await status('Host: closed.example\r\nAccept: */*\r\nHOST: x\r\n'), name).toBe(400);
      expect(await status('Host: x\r\nHost: x\r\n'), name).toBe(400);
    }
    expect(srs.log().match(/live\/b".*"publish started"/g)).toHaveLength(1);
    const answer = await raw(srs, 'GET /live/a.m3u8 HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n');
    expect(answer).toMatch(
      /\r\nCache-Control: no-store\r\n.*\r\nConnection: close\r\n\r\nmore than one Host header\n$/s,
    );
  });

  test('RFC 9110 §6.6.1: live streams say when they were sent, and so do refusals', async () => {
    const mounts = 'wait 0; mount [vhost]/[app]/[stream].flv; mount [vhost]/[app]/[stream].ts;';
    const srs = await startSrs({ config: config('').replace('wait 0;', mounts) });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('it is live', async () => (await statusOf(srs, '/live/a.flv')) === 200);
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    for (const [path, more, status] of [
      ['/live/a.flv', '', 200],
      ['/live/a.ts', '', 200],
      ['/live/nobody.flv', '', 404],
      ['/live/nobody.flv', upgrade, 404],
    ] as const) {
      const answer = await raw(srs, `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`);
      expect(answer, path).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      const date = /\r\nDate: (.*)\r\n/i.exec(answer)?.[1] ?? '';
      expect(date, path).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
      expect(Math.abs(Date.now() - Date.parse(date))).toBeLessThan(10_000);
    }
  });

  test('an empty or garbled POST takes no stream from its encoder', async () => {
    const srs = await startSrs({ config: config('') });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('it is live', async () => (await statusOf(srs, '/live/a.flv')) === 200);
    for (const body of ['', 'x', 'FLV']) {
      const answer = await fetch(url(srs, '/live/a.flv'), { method: 'POST', body });
      expect(answer.status, body).toBe(400);
    }
    expect(srs.log()).not.toContain('another publisher');
    expect(await statusOf(srs, '/live/a.flv')).toBe(200);
  });

  test('a connection that waits for a request is kept longer than load balancers keep theirs: 60 s', async () => {
    const srs = await startSrs({ config: config('hls { enabled on; }') });
    for (const path of ['/live/none.m3u8', '/live/none-1.ts']) {
      const answer = await fetch(url(srs, path));
      expect(Number(/timeout=(\d+)/.exec(answer.headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(60);
    }
  });

  test('HEAD tells whether the stream is live; a preflight is let through; the absolute form of a URL is one', async () => {
    const srs = await startSrs({ config: config('') });
    pushFile(await clip({ gop: 25 }), srs.url('live', 'a'));
    await until('it is live', async () => (await statusOf(srs, '/live/a.flv')) === 200);
    const head = async (path: string) => {
      const { status, headers } = await fetch(url(srs, path), { method: 'HEAD' });
      return [status, headers.get('cache-control')];
    };
    expect(await head('/live/a.flv')).toEqual([200, 'no-store']);
    expect(await head('/live/nobody.flv')).toEqual([404, 'no-store']);
    const asked = { 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'authorization' };
    const preflight = await fetch(url(srs, '/live/a.flv'), { method: 'OPTIONS', headers: asked });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([204, 'authorization']);
    expect(await raw(srs, 'GET http://some.host/live/a.flv HTTP/1.1\r\nHost: x\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });
});
