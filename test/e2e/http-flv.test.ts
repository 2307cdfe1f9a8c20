import { copyFileSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { openFileLimit } from '../../src/config/open-files.js';
import { FlvReader, type FlvTag } from '../../src/protocol/flv/index.js';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { pullFlv } from '../support/pull-flv.js';
import { background, run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { isConfig, neverBack, pause, publish, pushFile, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; dir DIR/html; }
# A republish, and a stream that somebody waits for, may take their time on a busy machine.
vhost __defaultVhost__ { http_remux { enabled on; wait 2; } publish { grace 3; } }
vhost files.example.com { http_static { enabled on; mount [vhost]/media/; dir DIR/media; } }
`;

let srs: Srs;
const at = (path: string, scheme = 'http') => `${scheme}://127.0.0.1:${srs.ports.HTTP_PORT}${path}`;

beforeAll(async () => {
  srs = await startSrs({ config });
  for (const [name, text] of [
    ['html/index.html', '<p>hello</p>'],
    ['html/movie.mp4', '0123456789'],
    ['media/a.m3u8', '#EXTM3U\n'],
    ['secret.txt', 'what nobody may see'],
    ['html/.hidden', 'hidden'],
  ] as const) {
    mkdirSync(join(srs.dir, name, '..'), { recursive: true });
    writeFileSync(join(srs.dir, name), text);
  }
  for (const link of ['link.txt', 'link.flv']) symlinkSync(join(srs.dir, 'secret.txt'), join(srs.dir, 'html', link));
  symlinkSync(srs.dir, join(srs.dir, 'html/linked'));
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request whose path is sent as it is: no client library tidies it up. */
const ask = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: srs.ports.HTTP_PORT, path, method, headers, agent: false },
      (reply) => {
        let body = '';
        reply.setEncoding('latin1').on('data', (text: string) => (body += text));
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body }));
      },
    );
    sent.on('error', reject).end();
  });

const pull = (path: string, version?: string, port = srs.ports.HTTP_PORT as number) => pullFlv(port, path, version);

const mediaOf = (tags: readonly FlvTag[], type: number) => tags.filter((t) => t.type === type && t.payload[1] !== 0);

describe('HTTP-FLV', () => {
  withPeers('ffmpeg')('with ffmpeg', () => {
    test('ffprobe and ffmpeg play what ffmpeg pushes, without a complaint', async () => {
      const file = await clip();
      pushFile(file, srs.url('live', 'real'));
      await until(
        'the stream is live',
        async () => (await ask('/live/real.flv', {}, 'HEAD')).status === 200 && /publish started/.test(srs.log()),
      );
      const { streams } = await probe(at('/live/real.flv'));
      expect(streams.toSorted()).toEqual(['audio:aac', 'video:h264']);
      const played = await run('ffmpeg', [
        '-v',
        'warning',
        '-xerror',
        '-t',
        '5',
        '-i',
        at('/live/real.flv'),
        '-f',
        'null',
        '-',
      ]);
      expect(played.code).toBe(0);
      expect(played.stderr.trim()).toBe('');
    });
  });

  test.each(['1.1', '1.0'])('HTTP/%s: every frame of the stream, as over RTMP', async (version) => {
    const name = `frames${version.replace('.', '')}`;
    const publisher = await publish(srs.url('live', name));
    const player = await record(srs.url('live', name));
    const viewer = pull(`/live/${name}.flv`, version);
    await until('it is attached', () => viewer.head() !== '');
    await feed(publisher, { frames: 60, pace: 5 });
    await player.until('all by RTMP', () => times(player.media(), 'video').length === 60);
    await until('all by HTTP', () => mediaOf(viewer.tags(), 9).length === 60);
    for (const [kind, type] of [
      ['video', 9],
      ['audio', 8],
    ] as const)
      expect(mediaOf(viewer.tags(), type).map((t) => t.timestamp)).toEqual(times(player.media(), kind));
    expect(viewer.head()).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(viewer.head()).toMatch(/content-type: video\/x-flv/i);
    expect(viewer.head()).toMatch(/x-content-type-options: nosniff/i);
    expect(viewer.head()).toMatch(/access-control-allow-origin: \*/i);
    expect(viewer.head()).toMatch(/x-accel-buffering: no/i);
    expect(/transfer-encoding: chunked/i.test(viewer.head())).toBe(version === '1.1');
    viewer.close();
    publisher.close();
    player.client.close();
  });

  test('?only=audio, ?only=video', async () => {
    const publisher = await publish(srs.url('live', 'only'));
    const audio = pull('/live/only.flv?only=audio');
    const video = pull('/live/only.flv?only=video');
    await until('both wait', () => audio.head() !== '' && video.head() !== '');
    await feed(publisher, { frames: 20 });
    await until('audio', () => mediaOf(audio.tags(), 8).length === 20);
    await until('video', () => mediaOf(video.tags(), 9).length === 20);
    expect(audio.tags().some((t) => t.type === 9)).toBe(false);
    expect(video.tags().some((t) => t.type === 8)).toBe(false);
    publisher.close();
  });

  test('a republish goes on in the same response, time never back; the end of the stream ends it', async () => {
    const first = await publish(srs.url('live', 'again'));
    await feed(first, { frames: 10 });
    const viewer = pull('/live/again.flv');
    await until('the first publish', () => mediaOf(viewer.tags(), 9).length === 10);
    first.close();
    const second = await publish(srs.url('live', 'again'));
    await feed(second, { start: 500_000, frames: 10 });
    await until('the second publish', () => mediaOf(viewer.tags(), 9).length === 20);
    expect(neverBack(mediaOf(viewer.tags(), 9).map((t) => t.timestamp))).toBe(true);
    second.close();
    await until('the response ends after the grace', () => viewer.ended());
  });

  test('a stream that is not live: 404 after the wait, or at once when it comes', async () => {
    const asked = Date.now();
    expect((await ask('/live/nobody.flv')).status).toBe(404);
    expect(Date.now() - asked).toBeGreaterThan(1900);
    const viewer = pull('/live/late.flv');
    await pause(100);
    const publisher = await publish(srs.url('live', 'late'));
    await feed(publisher, { frames: 5 });
    await until('it plays', () => mediaOf(viewer.tags(), 9).length === 5);
    publisher.close();
  });

  test('?vhost= and Host choose the vhost; a vhost without http_remux serves no streams', async () => {
    expect((await ask('/live/x.flv', { host: 'files.example.com' })).status).toBe(404);
    expect((await ask('/live/x.flv?vhost=files.example.com')).status).toBe(404);
  });

  test('200 viewers that never read: others lose nothing, memory stays', async () => {
    const publisher = await publish(srs.url('live', 'stalled'));
    const good = pull('/live/stalled.flv');
    const stalled = Array.from({ length: 200 }, () => {
      const socket = connect(srs.ports.HTTP_PORT as number, '127.0.0.1').pause();
      socket.on('error', () => undefined);
      socket.write('GET /live/stalled.flv HTTP/1.1\r\nHost: x\r\n\r\n');
      return socket;
    });
    await until('the good one is attached', () => good.head() !== '');
    await feed(publisher, { frames: 150, bytes: 20_000, pace: 10 });
    await until('the good one has all', () => mediaOf(good.tags(), 9).length === 150);
    for (const socket of stalled) socket.destroy();
    publisher.close();
  });
});

describe('WebSocket-FLV', () => {
  test('every message is a whole tag; frames as over HTTP', async () => {
    const publisher = await publish(srs.url('live', 'ws'));
    const socket = new WebSocket(at('/live/ws.flv', 'ws'));
    const messages: Buffer[] = [];
    socket.on('message', (bytes: Buffer) => messages.push(bytes));
    await new Promise((open) => socket.once('open', open));
    await feed(publisher, { frames: 20, bytes: 70_000 });
    const tags = () => new FlvReader().push(Buffer.concat(messages));
    await until('all frames', () => mediaOf(tags(), 9).length === 20);
    expect(messages[0]?.toString('latin1', 0, 3)).toBe('FLV');
    expect(mediaOf(tags(), 9).every((t) => t.payload.length === 70_000)).toBe(true);
    let code = 0;
    socket.on('close', (c) => (code = c));
    publisher.close();
    await until('an orderly end', () => code === 1000);
  });

  test('publish over a WebSocket, play by RTMP', async () => {
    const source = await publish(srs.url('live', 'source'));
    const viewer = pull('/live/source.flv');
    await feed(source, { frames: 20 });
    await until('the source', () => mediaOf(viewer.tags(), 9).length === 20);
    source.close();
    const socket = new WebSocket(at('/live/pushed.flv?publish', 'ws'));
    await new Promise((open) => socket.once('open', open));
    const player = await record(srs.url('live', 'pushed'));
    socket.send(
      Buffer.concat([Buffer.from('464c56010500000009', 'hex'), Buffer.alloc(4), ...viewer.tags().map(flvTag)]),
    );
    await player.until('the frames', () => times(player.media(), 'video').length === 20);
    expect(player.messages.some(isConfig)).toBe(true);
    socket.close();
    player.client.close();
  });
});

function flvTag({ type, timestamp, payload }: FlvTag): Buffer {
  const head = Buffer.alloc(11);
  head[0] = type;
  head.writeUIntBE(payload.length, 1, 3);
  head.writeUIntBE(timestamp, 4, 3);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(11 + payload.length);
  return Buffer.concat([head, Buffer.from(payload), size]);
}

describe('push by POST', () => {
  withPeers('ffmpeg')('with ffmpeg', () => {
    test('ffmpeg pushes FLV over HTTP, a player by RTMP decodes it', async () => {
      const file = await clip({ seconds: 12 });
      const pusher = background('ffmpeg', [
        '-v',
        'error',
        '-re',
        '-i',
        file,
        '-c',
        'copy',
        '-f',
        'flv',
        '-method',
        'POST',
        '-chunked_post',
        '1',
        at('/live/posted.flv'),
      ]);
      await until('it publishes', () => /live\/posted.*publish started/.test(srs.log()));
      expect(await decodeComplaints(srs.url('live', 'posted'), 4)).toEqual([]);
      await pusher.stop();
      await until('the lock is free', () => /publish ended/.test(srs.log().split('live/posted').at(-1) ?? ''));
    });
  });

  test('no FLV: 400, and the stream is free again', async () => {
    const answer = await new Promise<number>((resolve) => {
      const sent = request(
        { host: '127.0.0.1', port: srs.ports.HTTP_PORT, path: '/live/bad.flv', method: 'POST' },
        (reply) => {
          reply.resume();
          resolve(reply.statusCode ?? 0);
        },
      );
      sent.end('this is not a stream at all');
    });
    expect(answer).toBe(400);
    (await publish(srs.url('live', 'bad'))).close();
  });
});

test('max_connections is reached: idle HTTP connections make way for an encoder, busy ones do not', async () => {
  const full = await startSrs({ config: `max_connections 3;\n${config}` });
  const port = full.ports.HTTP_PORT as number;
  const idle = Array.from({ length: 3 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  let answered = 0;
  let closed = 0;
  for (const socket of idle) {
    socket.on('data', () => answered++);
    socket.on('close', () => closed++);
    socket.write('GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n');
  }
  await until('all were answered and stay', () => answered >= 3);
  expect(closed).toBe(0);
  const publisher = await publish(full.url('live', 'encoder'));
  await until('they made way', () => closed === 3);
  const players = [1, 2].map(() => connect(port, '127.0.0.1').on('error', () => undefined));
  let playing = 0;
  let lost = 0;
  for (const socket of players) {
    socket.once('data', () => playing++).on('close', () => lost++);
    socket.write('GET /live/encoder.flv HTTP/1.1\r\nHost: a\r\n\r\n');
  }
  await until('both play', () => playing === 2);
  await expect(publish(full.url('live', 'other'))).rejects.toThrow();
  expect(lost).toBe(0);
  publisher.close();
});

describe('what is live', () => {
  test('off by default: no list', async () => {
    expect((await ask('/console/streams.json')).status).toBe(404);
  });

  test('console on: the list, with codecs and viewers, for no other origin', async () => {
    const shown = await startSrs({ config: config.replace('listen HTTP_PORT;', 'listen HTTP_PORT; console on;') });
    const url = `http://127.0.0.1:${shown.ports.HTTP_PORT}/console/streams.json`;
    const answer = async () => (await (await fetch(url)).json()) as { rtmpPort: number; streams: unknown[] };
    expect(await answer()).toEqual({ rtmpPort: shown.port, streams: [] });
    const list = async () => (await answer()).streams;
    const publisher = await publish(shown.url('live', 'listed'));
    const player = await record(shown.url('live', 'listed'));
    await feed(publisher, { frames: 5 });
    await player.until('it plays', () => times(player.media(), 'video').length === 5);
    const entry = { vhost: '__defaultVhost__', app: 'live', stream: 'listed', viewers: 1 };
    expect(await list()).toEqual([
      {
        ...entry,
        since: expect.any(String),
        video: { codec: 'avc' },
        audio: { codec: 'aac' },
        flv: '/live/listed.flv',
      },
    ]);
    const { headers } = await fetch(url);
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    player.client.close();
    publisher.close();
    await until('it is over after the grace', async () => (await list()).length === 0);
  });
});

describe('files', () => {
  test('crossdomain.xml lets every origin in', async () => {
    const { status, headers, body } = await ask('/crossdomain.xml');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/xml/);
    expect(body).toMatch(/<cross-domain-policy>\s*<allow-access-from domain="\*"\s*\/>\s*<\/cross-domain-policy>/);
  });

  test('index, ranges, ETag, HEAD, types', async () => {
    const index = await ask('/');
    expect(index).toMatchObject({ status: 200, body: '<p>hello</p>' });
    expect(index.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
    expect(await ask('/movie.mp4', { range: 'bytes=2-4' })).toMatchObject({ status: 206, body: '234' });
    expect((await ask('/movie.mp4', { range: 'bytes=99-' })).status).toBe(416);
    expect((await ask('/movie.mp4', { 'if-none-match': String((await ask('/movie.mp4')).headers.etag) })).status).toBe(
      304,
    );
    expect(await ask('/movie.mp4', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect((await ask('/media/a.m3u8', { host: 'files.example.com' })).headers['content-type']).toBe(
      'application/vnd.apple.mpegurl',
    );
    expect((await ask('/media/a.m3u8')).status).toBe(404);
  });

  withPeers('ffmpeg')('x.flv?start=', () => {
    test('plays from a key frame in the middle of a file, with ranges, ETag and HEAD', async () => {
      const file = await clip({ seconds: 12 });
      const bytes = readFileSync(file);
      mkdirSync(join(srs.dir, 'html/vod'), { recursive: true });
      copyFileSync(file, join(srs.dir, 'html/vod/clip.flv'));
      // The third key frame, as a player finds it in the index of the file.
      let start = 13;
      for (let keys = 0; ; start += 15 + bytes.readUIntBE(start + 1, 3))
        if (bytes[start] === 9 && bytes[start + 11] === 0x17 && bytes[start + 12] === 1 && ++keys === 3) break;
      const path = `/vod/clip.flv?start=${start}`;

      const seen = await probe(at(path), 60);
      expect(seen.streams.toSorted()).toEqual(['audio:aac', 'video:h264']);
      const video = seen.packets.filter(({ type }) => type === 'video');
      expect(video[0]?.isKey).toBe(true);
      expect(video[0]?.pts).toBeCloseTo(4, 1);
      expect(video).toHaveLength((12 - 4) * 25);
      expect(await decodeComplaints(at(path), 20)).toEqual([]);

      const whole = await ask(path);
      expect(whole.headers).toMatchObject({ 'content-type': 'video/x-flv', 'accept-ranges': 'bytes' });
      expect(Number(whole.headers['content-length'])).toBe(whole.body.length);
      expect(whole.body.endsWith(bytes.toString('latin1', start))).toBe(true);
      const front = whole.body.length - (bytes.length - start);
      expect(front).toBeLessThan(200);
      for (const [range, from, to] of [
        ['bytes=0-9', 0, 10],
        [`bytes=${front - 5}-${front + 4}`, front - 5, front + 5],
        [`bytes=${front + 100}-`, front + 100, whole.body.length],
        ['bytes=-50', whole.body.length - 50, whole.body.length],
      ] as const) {
        const part = await ask(path, { range });
        expect(part.status).toBe(206);
        expect(part.body === whole.body.slice(from, to)).toBe(true);
        expect(part.headers['content-range']).toBe(`bytes ${from}-${to - 1}/${whole.body.length}`);
      }
      const etag = String(whole.headers.etag);
      expect((await ask(path, { 'if-none-match': etag })).status).toBe(304);
      expect((await ask(path, { range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200);
      expect((await ask(path, { 'if-match': '"other"' })).status).toBe(412);
      expect((await ask(path, { 'if-match': etag })).status).toBe(200);
      expect((await ask('/vod/clip.flv?start=13')).headers.etag).not.toBe(etag);
      for (const range of ['', 'bytes=0-9']) {
        const head = await ask(path, { range }, 'HEAD');
        expect(head).toMatchObject({ status: 200, body: '' });
        expect(head.headers['content-length']).toBe(whole.headers['content-length']);
      }
      expect((await ask(path, { range: 'bytes=99999999-' })).status).toBe(416);
      expect((await ask(`/vod/clip.flv?start=${bytes.length}`)).status).toBe(416);
      for (const all of ['', '?start=0', '?start=-5', '?start=x'])
        expect((await ask(`/vod/clip.flv${all}`)).body.length).toBe(bytes.length);
      writeFileSync(join(srs.dir, 'html/vod/text.flv'), 'this is no video');
      expect((await ask('/vod/text.flv?start=5')).status).toBe(400);
      expect((await ask('/link.flv?start=13')).status).toBe(404);
      // Readers that go away in the middle leave no file open.
      const files = () => readdirSync(`/proc/${srs.pid}/fd`).filter((fd) => isOpen(fd, 'clip.flv')).length;
      for (let i = 0; i < 20; i++) {
        const socket = connect(srs.ports.HTTP_PORT as number, '127.0.0.1').on('error', () => undefined);
        socket.once('data', () => socket.destroy()).write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      }
      await until('no file is open', () => files() === 0);
    });

    const isOpen = (fd: string, name: string): boolean => {
      try {
        return readlinkSync(`/proc/${srs.pid}/fd/${fd}`).endsWith(name);
      } catch {
        return false;
      }
    };
  });

  test.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/%252e%252e/secret.txt',
    '/..%5csecret.txt',
    '/..\\secret.txt',
    '/..%252fsecret.txt',
    '/%25252e%25252e/secret.txt',
    '/%c0%ae%c0%ae/secret.txt',
    '/.%2e/secret.txt',
    '/....//secret.txt',
    '/vod/../../secret.txt',
    '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
    '/link.txt',
    '/linked/secret.txt',
    '/linked%2fsecret.txt',
    '/link.txt?start=13',
    '/linked/',
    '/.hidden',
    '/%00',
    '/index.html%00.mp4',
    '/%ff%fe',
    '/%',
    '//etc/passwd',
    '/live/..%2f..%2fx.flv',
    '/live/%00.flv',
  ])('nothing outside the directory is served: %s', async (path) => {
    const { status, body } = await ask(path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body).not.toMatch(/what nobody may see|hidden|root:/);
  });
});

test('5000 idle connections and slow headers do not hurt viewers', { timeout: 120_000 }, async () => {
  // As many as this machine lets one process open, where that is less.
  const count = Math.min(5000, (openFileLimit() ?? 1024) - 300);
  const patient = config.replace('grace 3;', 'grace 3; normal_timeout 60000;');
  const crowded = await startSrs({ config: `max_connections ${count + 100};\n${patient}` });
  const port = crowded.ports.HTTP_PORT as number;
  const publisher = await publish(crowded.url('live', 'idle'));
  const viewer = pull('/live/idle.flv', '1.1', port);
  const player = await record(crowded.url('live', 'idle'));
  let open = 0;
  let answered = 0;
  let slowGone = 0;
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const isSlow = i % 2 === 0;
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    socket.once('connect', () => open++);
    if (isSlow) socket.resume().on('close', () => slowGone++);
    else socket.once('data', () => answered++);
    socket.write(isSlow ? 'GET / HTTP/1.1\r\nHost: a' : 'GET /none HTTP/1.1\r\nHost: a\r\n\r\n');
    sockets.push(socket);
    if (i % 250 === 249) await until('they are open', () => open === i + 1, 20_000);
  }
  await until('the idle ones had their answer', () => answered === Math.floor(count / 2), 20_000);
  // Headers that never end, a byte at a time.
  const drip = setInterval(() => {
    for (let i = 0; i < 400; i += 2) sockets[i]?.write('a');
  }, 300);
  const before = Date.now();
  await feed(publisher, { frames: 100, pace: 20 });
  await until('the viewer has all', () => mediaOf(viewer.tags(), 9).length === 100);
  await player.until('the RTMP player has all', () => times(player.media(), 'video').length === 100);
  expect(Date.now() - before).toBeLessThan(10_000);
  await until('slow headers are given up, however they drip', () => slowGone === Math.ceil(count / 2), 40_000);
  clearInterval(drip);
  expect(viewer.ended()).toBe(false);
  expect((await fetch(`http://127.0.0.1:${port}/crossdomain.xml`)).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  player.client.close();
  publisher.close();
  expect((await crowded.stop()).code).toBe(0);
});
