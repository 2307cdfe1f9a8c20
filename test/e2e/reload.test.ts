import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { RtmpClient } from '../../src/link/index.js';
import { freePort } from '../support/free-port.js';
import { reload, rewrite, signalled } from '../support/reload.js';
import { rss } from '../support/rss.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pause, publish, type Recording, record, times } from '../support/streams.js';
import { tag } from '../support/synthetic.js';

const base = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
inotify_auto_reload off;
vhost __defaultVhost__ { }
vhost other.example.com { gop_cache on; }
`;

/** A publisher that sends numbered frames until it is stopped; the number stands in the last four bytes. */
function numbered(client: RtmpClient): { sent(): number; stop(): void } {
  let count = 0;
  client.send(tag.avcConfig(0));
  const timer = setInterval(() => {
    const frame = (count % 25 === 0 ? tag.key : tag.inter)(count * 20, 40);
    Buffer.from(frame.payload.buffer, frame.payload.byteOffset, frame.payload.length).writeUInt32BE(count, 36);
    client.send(frame);
    count++;
  }, 20);
  const stop = () => clearInterval(timer);
  stops.push(stop);
  return { sent: () => count, stop };
}

const stops: Array<() => void> = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const numbers = (player: Recording): number[] =>
  player
    .media()
    .filter((m) => m.kind === 'video')
    .map((m) => Buffer.from(m.payload).readUInt32BE(36));

/** Every frame since the first one came, none lost, none twice. */
const isGapless = (list: readonly number[]): boolean => list.every((n, i) => i === 0 || n === (list[i - 1] ?? 0) + 1);

const stream = (srs: Srs, name: string, vhost = '') =>
  `rtmp://127.0.0.1:${srs.port}/live${vhost === '' ? '' : `?vhost=${vhost}`}/${name}`;

async function live(srs: Srs, name: string, vhost = '') {
  const url = stream(srs, name, vhost);
  const source = numbered(await publish(url));
  const player = await record(url);
  await player.until('the first frames', () => numbers(player).length > 5);
  return { source, player };
}

/** Each value is set and taken back while a player watches: both directions, no frame lost. */
const liveRows: ReadonlyArray<readonly [string, RegExp]> = [
  ['chunk_size 4096;', /chunk_size: 60000 → 4096/],
  ['gop_cache off;', /gop_cache: on → off/],
  ['gop_cache_max_frames 100;', /gop_cache_max_frames: 2500 → 100/],
  ['queue_length 5;', /queue_length: 30 → 5/],
  ['time_jitter off;', /time_jitter: full → off/],
  ['atc on;', /atc: off → on/],
  ['atc_auto on;', /atc_auto: off → on/],
  ['mw_latency 100;', /mw_latency: auto → 100/],
  ['min_latency on;', /min_latency: off → on/],
  ['tcp_nodelay off;', /tcp_nodelay: on → off/],
  ['mix_correct on;', /mix_correct: off → on/],
  ['send_min_interval 1;', /send_min_interval: 0 → 1/],
  ['reduce_sequence_header on;', /reduce_sequence_header: off → on/],
  ['in_ack_size 100000;', /in_ack_size: 0 → 100000/],
  ['out_ack_size 100000;', /out_ack_size: 2500000 → 100000/],
  ['publish { firstpkt_timeout 9000; }', /firstpkt_timeout: 20000 → 9000/],
  ['publish { normal_timeout 9000; }', /normal_timeout: 5000 → 9000/],
  ['publish { mr on; }', /mr: off → on/],
  ['publish { mr_latency 10; }', /mr_latency: 350 → 10/],
  ['publish { policy reject; }', /policy: takeover → reject/],
  ['publish { grace 2; }', /grace: 10 → 2/],
];

describe('reload under a live stream', () => {
  test('every live setting of a vhost, in both directions: no player loses a frame', async () => {
    const srs = await startSrs({ config: base });
    const { player } = await live(srs, 'rows');
    for (const [directive, says] of liveRows) {
      expect(await reload(srs, (t) => t.replace('__defaultVhost__ { }', `__defaultVhost__ { ${directive} }`))).toMatch(
        says,
      );
      const back = await reload(srs, (t) => t.replace(`__defaultVhost__ { ${directive} }`, '__defaultVhost__ { }'));
      expect(back, directive).toMatch(/1 change/);
    }
    const seen = numbers(player).length;
    await player.until('the stream goes on', () => numbers(player).length > seen + 10);
    expect(isGapless(numbers(player))).toBe(true);
    expect(player.closed()).toBe(false);
  });

  test('a changed setting acts: gop_cache off makes a newcomer wait for the next key frame', async () => {
    const srs = await startSrs({ config: base });
    await live(srs, 'acts');
    await reload(srs, (t) => t.replace('__defaultVhost__ { }', '__defaultVhost__ { gop_cache off; }'));
    const url = stream(srs, 'acts');
    const before = numbers(await settledPlayer(url))[0] ?? -1;
    expect(before % 25).toBe(0);
    await reload(srs, (t) => t.replace('gop_cache off;', 'chunk_size 300;'));
    const player = await settledPlayer(url);
    expect(isGapless(numbers(player))).toBe(true);
  });

  test('a vhost is removed, disabled, added: its clients are told and closed, the others lose nothing', async () => {
    const srs = await startSrs({ config: `${base}vhost third.example.com { }` });
    const kept = await live(srs, 'kept');
    const removed = await live(srs, 'gone', 'other.example.com');
    const disabled = await live(srs, 'off', 'third.example.com');

    const first = await reload(srs, (t) => t.replace(/vhost other.*\n/, ''));
    expect(first).toMatch(/vhost other\.example\.com removed/);
    await removed.player.until('the player of the removed vhost is closed', () => removed.player.closed());
    expect(removed.player.statuses).toContain('NetConnection.Connect.Closed');
    expect(disabled.player.closed()).toBe(false);

    await reload(srs, (t) => t.replace('third.example.com { }', 'third.example.com { enabled off; }'));
    await disabled.player.until('the player of the disabled vhost is closed', () => disabled.player.closed());
    await expect(record(stream(srs, 'off', 'third.example.com'))).rejects.toThrow(/third\.example\.com/);

    await reload(srs, (t) =>
      t.replace('third.example.com { enabled off; }', 'third.example.com { }\nvhost new.example.com { }'),
    );
    await live(srs, 'added', 'new.example.com');
    await live(srs, 'again', 'third.example.com');

    const seen = numbers(kept.player).length;
    await kept.player.until('the untouched stream goes on', () => numbers(kept.player).length > seen + 5);
    expect(isGapless(numbers(kept.player))).toBe(true);
  });

  test('listeners come and go; connections of a closed one stay', async () => {
    const srs = await startSrs({ config: base });
    const { player } = await live(srs, 'ports');
    const port = await freePort();
    expect(await reload(srs, (t) => t.replace(`listen ${srs.port};`, `listen ${port};`))).toMatch(/listen/);
    await expect(record(stream(srs, 'ports'))).rejects.toThrow();
    const newcomer = await record(`rtmp://127.0.0.1:${port}/live/ports`);
    await newcomer.until('frames on the new port', () => numbers(newcomer).length > 5);
    // The same port on another address: the old socket must make way for the new one.
    await reload(srs, (t) => t.replace(`listen ${port};`, `listen 127.0.0.1:${port} ${srs.port};`));
    for (const p of [port, srs.port])
      await (await record(`rtmp://127.0.0.1:${p}/live/ports`)).until('frames', (m) => m.length > 3);
    expect(isGapless(numbers(player))).toBe(true);
  });

  test('a busy port undoes everything, the log says why, and the next reload works', async () => {
    const srs = await startSrs({ config: base });
    const { player } = await live(srs, 'busy');
    const busy = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => busy.once('listening', done));
    const { port } = busy.address() as { port: number };
    const free = await freePort();
    const wrong = (t: string) =>
      t
        .replace(`listen ${srs.port};`, `listen ${free} 127.0.0.1:${port};`)
        .replace('/srs.pid', '/new.pid')
        .replace('{ }', '{ queue_length 7; }');
    const original = readFileSync(srs.configFile, 'utf8');
    const log = await reload(srs, wrong);
    busy.close();
    expect(log).toMatch(/reload failed/);
    expect(log).toMatch(/in use/);
    await expect(record(`rtmp://127.0.0.1:${free}/live/busy`)).rejects.toThrow();
    await (await record(stream(srs, 'busy'))).until('the old port serves', (m) => m.length > 3);
    expect(existsSync(join(srs.dir, 'srs.pid'))).toBe(true);
    expect(existsSync(join(srs.dir, 'new.pid'))).toBe(false);
    expect(await reload(srs, () => original)).toMatch(/nothing changed/);
    expect(isGapless(numbers(player))).toBe(true);
  });

  test('a syntax error, a wrong value, a vanished file: the old configuration stays, the stream goes on', async () => {
    const srs = await startSrs({ config: base });
    const { player } = await live(srs, 'errors');
    const original = readFileSync(srs.configFile, 'utf8');
    expect(await reload(srs, (t) => `${t}vhost broken {`)).toMatch(/reload failed.*|srs\.conf:\d+:\d+/);
    expect(await reload(srs, () => original.replace('gop_cache on;', 'gop_cach on;'))).toMatch(/gop_cach/);
    rmSync(srs.configFile);
    expect(await signalled(srs)).toMatch(/reload failed/);
    writeFileSync(srs.configFile, original);
    expect(await signalled(srs)).toMatch(/nothing changed/);
    expect(isGapless(numbers(player))).toBe(true);
    expect(player.closed()).toBe(false);
  });

  test('max_connections, pithy_print, log level, log file and pid file', async () => {
    const srs = await startSrs({ config: base });
    await live(srs, 'process');
    await reload(srs, (t) => t.replace('/srs.pid;', '/moved.pid; pithy_print_ms 300; max_connections 2;'));
    expect(readFileSync(join(srs.dir, 'moved.pid'), 'utf8').trim()).toBe(String(srs.pid));
    expect(existsSync(join(srs.dir, 'srs.pid'))).toBe(false);
    await expect(record(stream(srs, 'process'))).rejects.toThrow();
    // At this level the answer to the signal is not logged either.
    rewrite(srs, (t) => t.replace('max_connections 2;', 'srs_log_level error;'));
    srs.signal('SIGHUP');
    await until('a third connection is let in', () =>
      record(stream(srs, 'process')).then(
        () => true,
        () => false,
      ),
    );
    await pause(100);
    const quiet = srs.log().length;
    await record(stream(srs, 'process'));
    await pause(700);
    expect(srs.log().slice(quiet)).not.toMatch(/play started|publish: 1 client/);
    writeFileSync(
      srs.configFile,
      readFileSync(srs.configFile, 'utf8')
        .replace('srs_log_tank console;', `srs_log_tank file; srs_log_file ${srs.dir}/moved.log;`)
        .replace('srs_log_level error;', ''),
    );
    srs.signal('SIGHUP');
    const moved = join(srs.dir, 'moved.log');
    // A connection that was there before the change logs to the new place, at the new level.
    await until(
      'the log goes to the file',
      () => existsSync(moved) && /publish: 1 client/.test(readFileSync(moved, 'utf8')),
    );
  });

  test('inotify_auto_reload: a changed file is enough', async () => {
    const srs = await startSrs({ config: base.replace('auto_reload off', 'auto_reload on') });
    writeFileSync(srs.configFile, readFileSync(srs.configFile, 'utf8').replace('gop_cache on;', 'gop_cache off;'));
    await until('the change is noticed', () => /gop_cache: on → off/.test(srs.log()));
  });

  test('200 reloads in a row and a storm of signals under load: nothing lost, nothing leaks', {
    timeout: 120_000,
  }, async () => {
    const srs = await startSrs({ config: base });
    const { player } = await live(srs, 'storm');
    const handles = () => readdirSync(`/proc/${srs.pid}/fd`).length;
    const flip = (t: string, i: number) =>
      t.replace(/queue_length \d+;|__defaultVhost__ \{ \}/, (m) =>
        m.startsWith('q') ? `queue_length ${5 + (i % 2)};` : '__defaultVhost__ { queue_length 5; }',
      );
    for (let i = 0; i < 50; i++) await reload(srs, (t) => flip(t, i));
    const [memory, open] = [rss(srs.pid), handles()];
    for (let i = 0; i < 150; i++) await reload(srs, (t) => flip(t, i));
    for (let i = 0; i < 300; i++) srs.signal('SIGHUP');
    await signalled(srs);
    await until('no handle is left over', () => handles() <= open + 1);
    expect(rss(srs.pid) - memory).toBeLessThan(40);
    expect(isGapless(numbers(player))).toBe(true);
    expect(times(player.media(), 'video').length).toBeGreaterThan(100);
  });
});

/** A newcomer, once it has more than one group of pictures. */
async function settledPlayer(url: string): Promise<Recording> {
  const player = await record(url);
  await player.until('a group of pictures', () => numbers(player).length > 30);
  return player;
}

const refuses = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(false)).on('error', () => resolve(true));
    socket.on('connect', () => socket.destroy());
  });

describe('reload of features', () => {
  const features = base.replace(
    'inotify',
    'http_server { enabled off; listen HTTP_PORT; }\nhttp_api { enabled off; listen API_PORT; }\ninotify',
  );
  const inVhost = (srs: Srs, blocks: string) =>
    reload(srs, (t) => t.replace(/__defaultVhost__ \{.*\}/, `__defaultVhost__ { ${blocks} }`));
  const status = async (port: number | undefined, path: string): Promise<number> => {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
    await reply?.body?.cancel();
    return reply?.status ?? 0;
  };

  test('HTTP server, API, HTTP-FLV, HLS and access rules come and go; the RTMP player loses no frame', async () => {
    const srs = await startSrs({ config: features });
    const { HTTP_PORT, API_PORT } = srs.ports;
    const { player } = await live(srs, 'features');
    expect([await status(HTTP_PORT, '/'), await status(API_PORT, '/api/v1/versions')]).toEqual([0, 0]);

    await reload(srs, (t) => t.replaceAll('{ enabled off; listen', '{ enabled on; listen'));
    expect([await status(HTTP_PORT, '/'), await status(API_PORT, '/api/v1/versions')]).toEqual([404, 200]);

    expect(await status(HTTP_PORT, '/live/features.flv')).toBe(404);
    expect(await inVhost(srs, 'http_remux { enabled on; } hls { enabled on; hls_fragment 0.25; }')).toMatch(
      /http_remux enabled: off → on/,
    );
    expect(await status(HTTP_PORT, '/live/features.flv')).toBe(200);
    // Its pictures are no H.264, so there is nothing to list; that the output is there, and goes, is in the log.
    expect(srs.log()).toMatch(/live\/features[^\n]*HLS started/);
    const viewer = await fetch(`http://127.0.0.1:${HTTP_PORT}/live/features.flv`);

    await inVhost(srs, 'security { enabled on; allow publish all; }');
    expect(await status(HTTP_PORT, '/live/features.flv')).toBe(404);
    expect(srs.log()).toMatch(/live\/features[^\n]*HLS ended/);
    await viewer.arrayBuffer(); // its response has ended
    await expect(record(stream(srs, 'features'))).rejects.toThrow();
    await inVhost(srs, '');
    await (await record(stream(srs, 'features'))).until('frames', (m) => m.length > 3);

    await reload(srs, (t) => t.replaceAll('{ enabled on; listen', '{ enabled off; listen'));
    // Connections that were there stay; there are no new ones.
    for (const port of [HTTP_PORT, API_PORT]) expect(await refuses(port as number)).toBe(true);
    const seen = numbers(player).length;
    await player.until('the stream goes on', () => numbers(player).length > seen + 5);
    expect(isGapless(numbers(player))).toBe(true);
  });
});

describe('ending', () => {
  test('SIGQUIT: no new clients, players watch to their end, then it stops', async () => {
    const srs = await startSrs({ config: base });
    const { player } = await live(srs, 'quit');
    srs.signal('SIGQUIT');
    await until('the port is closed', () => refuses(srs.port));
    const seen = numbers(player).length;
    await player.until('the player goes on', () => numbers(player).length > seen + 10);
    player.client.close();
    await until('the server stopped', () => /"stopped"|stopped/.test(srs.log().split('SIGQUIT').at(-1) ?? ''));
    expect(isGapless(numbers(player))).toBe(true);
  });

  test('SIGQUIT with a limit, and SIGTERM that hurries it', async () => {
    const srs = await startSrs({ config: `${base}grace_drain 1;` });
    await live(srs, 'limit');
    const asked = Date.now();
    srs.signal('SIGQUIT');
    await until('it stopped', () => srs.log().includes('stopped'));
    expect(Date.now() - asked).toBeGreaterThan(900);
    const other = await startSrs({ config: base });
    await live(other, 'hurry');
    other.signal('SIGQUIT');
    await pause(300);
    const end = await other.stop();
    expect(end.code).toBe(0);
  });
});
