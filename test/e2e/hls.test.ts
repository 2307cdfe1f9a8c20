import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as HlsParser from 'hls-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { fetchBytes, fetchPlaylist, type Listed, type Playlist, send } from '../support/hls.js';
import { startHooks } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { flvMessages, publish, pushFile } from '../support/streams.js';
import { checkTs } from '../support/ts-check.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; dir DIR; }
vhost __defaultVhost__ {
  hls { enabled on; hls_fragment 1; hls_window 5; hls_dispose 4; }
  publish { grace 1; normal_timeout 30000; }
}
# On a busy machine a republish may take its time.
vhost patient {
  hls { enabled on; hls_fragment 1; hls_window 5; }
  publish { grace 30; }
}
`;

const program = join(import.meta.dirname, '../../dist/srs.mjs');
let srs: Srs;
let dir: string;
const at = (path: string) => `http://127.0.0.1:${srs.ports.HTTP_PORT}${path}`;
beforeAll(async () => {
  srs = await startSrs({ config });
  dir = await mkdtemp(join(tmpdir(), 'srs-hls-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const playlistOf = (path: string): Promise<Playlist | undefined> => fetchPlaylist(at(path));
const bytesOf = (path: string): Promise<Buffer> => fetchBytes(at(path));

withPeers('ffmpeg')('HLS of what ffmpeg pushes', () => {
  test('the playlist follows RFC 8216 while it moves; segments are whole and fit together; ffmpeg decodes it', async () => {
    const pusher = pushFile(await clip({ seconds: 12, bFrames: 2 }), srs.url('live', 'real'));
    const seen = new Map<string, Listed>();
    let last: Playlist | undefined;
    const watch = until(
      'ten segments went by',
      async () => {
        const list = await playlistOf('/live/real.m3u8');
        if (list === undefined) return false;
        for (const { duration } of list.segments) expect(Math.round(duration)).toBeLessThanOrEqual(list.target);
        if (last !== undefined) {
          expect(list.target).toBe(last.target);
          expect(list.sequence).toBeGreaterThanOrEqual(last.sequence);
          expect(list.discontinuities).toBeGreaterThanOrEqual(last.discontinuities);
        }
        last = list;
        for (const segment of list.segments) seen.set(segment.uri, segment);
        return seen.size >= 7;
      },
      40_000,
    );
    await until('it starts', async () => (await playlistOf('/live/real.m3u8')) !== undefined, 10_000);
    expect(await decodeComplaints(at('/live/real.m3u8'), 6)).toEqual([]);
    await watch;
    const counters = new Map<number, number>();
    // Those that are listed now: of what was seen before, the oldest may be gone.
    const listed = (await playlistOf('/live/real.m3u8'))?.segments.slice(-3) ?? [];
    expect(listed.length).toBeGreaterThan(1);
    for (const { uri } of listed) {
      const { faults, pcrs } = checkTs(await bytesOf(`/live/${uri}`), counters);
      expect(faults).toEqual([]);
      for (const [i, pcr] of pcrs.entries()) if (i > 0) expect(pcr - (pcrs[i - 1] as number)).toBeLessThanOrEqual(9000);
    }
    const one = join(dir, 'one.ts');
    await writeFile(one, await bytesOf(`/live/${listed.at(-1)?.uri}`));
    const probed = await probe(one);
    expect(probed.streams.toSorted()).toEqual(['audio:aac', 'video:h264']);
    expect(probed.packets.find((p) => p.type === 'video')?.isKey).toBe(true);
    await pusher.stop();
    await until('the end is announced', async () => (await playlistOf('/live/real.m3u8'))?.ended, 10_000);
    await until('it is forgotten', async () => (await playlistOf('/live/real.m3u8')) === undefined, 10_000);
  });

  test('who opens a stream the moment it begins waits for its first segment, and for no longer than there may be one', async () => {
    const messages = (await flvMessages(await clip({ seconds: 12 }))).filter((m) => m.timestamp < 3000);
    const client = await publish(`rtmp://127.0.0.1:${srs.port}/live/first`);
    await send(client, messages.slice(0, 5), 0);
    let answered = false;
    const early = fetch(at('/live/first.m3u8')).finally(() => (answered = true));
    await until('HLS begins', () => /live\/first".*HLS started/.test(srs.log()));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(answered).toBe(false);
    await send(client, messages.slice(5), 0);
    expect(await (await early).text()).toMatch(/^#EXTM3U\n[\s\S]*first-\d+\.ts/);
    client.close();

    const gone = await publish(`rtmp://127.0.0.1:${srs.port}/live/gone`);
    const asked = fetch(at('/live/gone.m3u8'));
    gone.close();
    expect((await asked).status).toBe(404);
  });

  test('republish × 20: one discontinuity each, numbers never go back', async () => {
    const messages = (await flvMessages(await clip({ seconds: 12 }))).filter((m) => m.timestamp < 3000);
    let sequence = 0;
    let discontinuities = 0;
    let before: number | undefined;
    for (let i = 0; i < 20; i++) {
      const client = await publish(`rtmp://127.0.0.1:${srs.port}/live?vhost=patient/again`);
      await send(client, messages, i * 1_000_003);
      client.close();
      const list = await until('the publish is listed', async () => {
        const now = await playlistOf('/live/again.m3u8?vhost=patient');
        return now !== undefined && now.sequence + now.segments.length >= sequence + 1 ? now : undefined;
      });
      expect(list.sequence + list.segments.length).toBeGreaterThan(sequence);
      expect(list.discontinuities).toBeGreaterThanOrEqual(discontinuities);
      before ??= list.discontinuities;
      sequence = list.sequence + list.segments.length;
      discontinuities = list.discontinuities;
    }
    // What was listed may have been the rest of the publish before.
    const list = await until('the last publish is listed, too', async () => {
      const now = await playlistOf('/live/again.m3u8?vhost=patient');
      const total = (now?.discontinuities ?? 0) + (now?.segments.filter((s) => s.discontinuity).length ?? 0);
      // The first publish has one, too: a player may have seen this stream before the server began.
      expect(total - (before ?? 0)).toBeLessThanOrEqual(20);
      return total - (before ?? 0) === 20 ? now : undefined;
    });
    expect(list?.segments.every((s) => s.duration >= 0.1)).toBe(true);
  });

  test.each([
    ['audio only', { video: 'none', audio: 'aac' }, ['audio:aac']],
    ['MP3 only', { video: 'none', audio: 'mp3' }, ['audio:mp3']],
    ['video only', { video: 'h264', audio: 'none' }, ['video:h264']],
  ] as const)('%s', async (name, what, streams) => {
    const stream = name.replace(' ', '');
    const client = await publish(srs.url('live', stream));
    await send(
      client,
      (await flvMessages(await clip({ seconds: 12, ...what }))).filter((m) => m.timestamp < 6000),
    );
    const list = await until('segments', async () => {
      const now = await playlistOf(`/live/${stream}.m3u8`);
      return now !== undefined && now.segments.length >= 2 ? now : undefined;
    });
    expect(list.segments.every((s) => Math.round(s.duration) <= list.target)).toBe(true);
    const file = join(dir, `${stream}.ts`);
    await writeFile(file, await bytesOf(`/live/${list.segments[0]?.uri}`));
    expect((await probe(file)).streams).toEqual(streams);
    expect(checkTs(await bytesOf(`/live/${list.segments[0]?.uri}`)).faults).toEqual([]);
    client.close();
  });

  test('video without more key frames is cut at the target, audio that comes late joins', async () => {
    const messages = await flvMessages(await clip({ seconds: 12 }));
    const client = await publish(srs.url('live', 'keyless'));
    let keys = 0;
    const keyless = messages.filter(
      (m) => m.kind !== 'video' || (m.payload[0] ?? 0) >> 4 !== 1 || m.payload[1] === 0 || ++keys <= 2,
    );
    await send(
      client,
      keyless.filter((m) => m.kind !== 'audio' || m.timestamp > 2500),
    );
    const list = await until('segments', async () => {
      const now = await playlistOf('/live/keyless.m3u8');
      return now !== undefined && now.segments.length >= 3 ? now : undefined;
    });
    expect(list.segments.every((s) => Math.round(s.duration) <= list.target)).toBe(true);
    client.close();
  });

  test('conditional requests, ranges, HEAD, and the query of the playlist in its URIs', async () => {
    const client = await publish(srs.url('live', 'http'));
    await send(client, await flvMessages(await clip({ seconds: 12 })));
    const list = await until('segments', () => playlistOf('/live/http.m3u8?token=a%20b&vhost=x'));
    expect(list.segments[0]?.uri).toMatch(/^http-\d+\.ts\?token=a%20b&vhost=x$/);
    const path = at(`/live/${list.segments[0]?.uri}`);
    const whole = await fetch(path);
    const size = (await whole.arrayBuffer()).byteLength;
    expect(whole.headers.get('content-type')).toBe('video/mp2t');
    expect(whole.headers.get('cache-control')).toMatch(/max-age/);
    expect(whole.headers.get('access-control-allow-origin')).toBe('*');
    const part = await fetch(path, { headers: { range: 'bytes=188-375' } });
    expect([part.status, (await part.arrayBuffer()).byteLength, part.headers.get('content-range')]).toEqual([
      206,
      188,
      `bytes 188-375/${size}`,
    ]);
    expect((await fetch(path, { headers: { range: `bytes=${size}-` } })).status).toBe(416);
    const etag = whole.headers.get('etag') ?? '';
    const statusWith = async (headers: Record<string, string>): Promise<number> => {
      const reply = await fetch(path, { headers });
      await reply.arrayBuffer();
      return reply.status;
    };
    for (const known of [etag, `W/${etag}`, `"x", W/${etag}`, `"x",${etag}, "y"`, '*'])
      expect(await statusWith({ 'if-none-match': known }), `If-None-Match ${known}`).toBe(304);
    for (const other of ['"x"', 'W/"x"', etag.replaceAll('"', ''), '"*"', '"x", "y"'])
      expect(await statusWith({ 'if-none-match': other }), `If-None-Match ${other}`).toBe(200);
    for (const wanted of [etag, `"x", ${etag}`, '*'])
      expect(await statusWith({ 'if-match': wanted }), `If-Match ${wanted}`).toBe(200);
    for (const other of ['"nope"', `W/${etag}`, etag.replaceAll('"', ''), '"*"'])
      expect(await statusWith({ 'if-match': other, 'if-none-match': etag }), `If-Match ${other}`).toBe(412);
    const range = 'bytes=188-375';
    expect(await statusWith({ range, 'if-range': etag })).toBe(206);
    for (const other of ['"x"', `W/${etag}`, 'Wed, 21 Oct 2015 07:28:00 GMT']) {
      const reply = await fetch(path, { headers: { range, 'if-range': other } });
      expect([reply.status, (await reply.arrayBuffer()).byteLength], `If-Range ${other}`).toEqual([200, size]);
    }
    const head = await fetch(path, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, `${size}`]);
    // Ranges are of GET alone (RFC 9110 §14.2).
    for (const part of ['bytes=0-9', `bytes=${size}-`]) {
      const ofHead = await fetch(path, { method: 'HEAD', headers: { range: part } });
      const { headers } = ofHead;
      expect([ofHead.status, headers.get('content-length'), headers.get('content-range')]).toEqual([
        200,
        `${size}`,
        null,
      ]);
    }
    const m3u8 = await fetch(at('/live/http.m3u8'));
    expect(m3u8.headers.get('content-type')).toBe('application/vnd.apple.mpegurl');
    expect(m3u8.headers.get('cache-control')).toBe('no-cache');
    client.close();
  });
});

withPeers('ffmpeg', 'gstreamer')('GStreamer', () => {
  test('tsdemux takes a segment apart and decodes it', async () => {
    const client = await publish(srs.url('live', 'gst'));
    await send(client, await flvMessages(await clip({ seconds: 12 })));
    const list = await until('segments', () => playlistOf('/live/gst.m3u8'));
    const file = join(dir, 'gst.ts');
    await writeFile(file, await bytesOf(`/live/${list.segments[0]?.uri}`));
    const end = await run('gst-launch-1.0', [
      '-q',
      'filesrc',
      `location=${file}`,
      '!',
      'tsdemux',
      'name=d',
      'd.',
      '!',
      'queue',
      '!',
      'h264parse',
      '!',
      'avdec_h264',
      '!',
      'fakesink',
      'd.',
      '!',
      'queue',
      '!',
      'aacparse',
      '!',
      'avdec_aac',
      '!',
      'fakesink',
    ]);
    expect(end.stderr).toBe('');
    expect(end.code).toBe(0);
    client.close();
  });
});

describe('a stream that HLS cannot hold', () => {
  test('nothing of it is listed, the stream itself goes on', async () => {
    const client = await publish(srs.url('live', 'speex'));
    for (let i = 0; i < 100; i++)
      client.send({ kind: 'audio', timestamp: i * 40, payload: Buffer.from('b2aabbcc', 'hex') });
    expect(await playlistOf('/live/speex.m3u8')).toBeUndefined();
    client.close();
  });
});

describe('access to HLS', () => {
  const guarded = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; dir DIR; }
vhost __defaultVhost__ { hls { enabled on; hls_fragment 1; } sign { secret s3cret; publish off; play on; } }
`;

  test('a signed URL covers playlist and segments, nothing else passes; a player is counted once', async () => {
    const server = await startSrs({ config: guarded });
    const client = await publish(server.url('live', 'signed'));
    await send(client, await flvMessages(await clip({ seconds: 12 })));
    const base = `http://127.0.0.1:${server.ports.HTTP_PORT}`;
    const signed = await run(process.execPath, [
      program,
      'sign',
      `${base}/live/signed.m3u8`,
      '--secret',
      's3cret',
      '--for',
      'play',
    ]);
    const good = signed.stdout.trim();
    const list = await until('it is listed', async () => {
      const reply = await fetch(good);
      return reply.status === 200 ? HlsParser.parse(await reply.text()) : undefined;
    });
    const [first] = (list as HlsParser.types.MediaPlaylist).segments;
    expect((await fetch(`${base}/live/${first?.uri}`)).status).toBe(200);
    expect((await fetch(`${base}/live/${first?.uri.split('?')[0]}`)).status).toBe(403);
    expect((await fetch(`${base}/live/signed.m3u8`)).status).toBe(403);
    expect((await fetch(good.replace(/sign=./, 'sign=0').replace(/sign=0/, 'sign=Z'))).status).toBe(403);
    expect(server.log().match(/"protocol":"hls"[^\n]*play started/g)).toHaveLength(1);
    client.close();
  });
});

test('on_hls tells of every segment, in the name of the publisher', async () => {
  const hooks = await startHooks();
  const server = await startSrs({
    config: `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
vhost __defaultVhost__ { hls { enabled on; hls_fragment 1; } http_hooks { enabled on; on_hls ${hooks.url}/h; } }
`,
  });
  const client = await publish(server.url('live', 'told?token=t'));
  await send(client, await flvMessages(await clip({ seconds: 12 })));
  await until('three segments are told of', () => hooks.of('on_hls').length >= 3);
  const bodies = hooks.of('on_hls').map(({ body }) => body as Record<string, unknown>);
  expect(bodies[0]).toMatchObject({
    action: 'on_hls',
    app: 'live',
    stream: 'told',
    param: '?token=t',
    m3u8_url: 'live/told.m3u8',
  });
  expect(bodies[0]?.url).toBe(`live/told-${bodies[0]?.seq_no}.ts`);
  expect(bodies.slice(0, 3).map((b) => Number(b.seq_no) - Number(bodies[0]?.seq_no))).toEqual([0, 1, 2]);
  client.close();
});

test('on_hls_notify reads no more of an answer than hls_nb_notify, and asks once for each segment', async () => {
  const asked: string[] = [];
  let given = 0;
  const cache = createServer((request, reply) => {
    asked.push(request.url ?? '');
    const part = Buffer.alloc(64 * 1024);
    const more = (): void => {
      for (; reply.writable; ) {
        given += part.length;
        if (!reply.write(part)) return;
      }
    };
    reply.on('drain', more);
    more();
  });
  await new Promise<void>((done) => cache.listen(0, '127.0.0.1', done));
  const { port } = cache.address() as AddressInfo;
  const server = await startSrs({
    config: `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
vhost __defaultVhost__ {
  hls { enabled on; hls_fragment 1; hls_nb_notify 1000; }
  http_hooks { enabled on; on_hls_notify http://127.0.0.1:${port}/[ts_url]; }
}
`,
  });
  const client = await publish(server.url('live', 'cached'));
  await send(client, await flvMessages(await clip({ seconds: 12 })));
  await until('three segments are asked for', () => asked.length >= 3);
  expect(asked.slice(0, 3).every((path) => /^\/live\/cached-\d+\.ts$/.test(path))).toBe(true);
  expect(new Set(asked).size).toBe(asked.length);
  // An answer without end: what is sent is what fits into the buffers of the connection.
  expect(given / asked.length).toBeLessThan(16 * 2 ** 20);
  client.close();
  cache.close();
});
