import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, assert, beforeEach, expect, test } from 'vitest';
import { unprivileged } from '../../scripts/lib/peers.mjs';
import { signedQuery } from '../../src/stream/index.js';
import { apiOf } from '../support/api.js';
import { decodeComplaints } from '../support/decode.js';
import { freePort } from '../support/free-port.js';
import { say, startHooks } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { childrenOf, isAlive } from '../support/processes.js';
import { background, run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { neverBack, pushFile, type Recording, record, times } from '../support/streams.js';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/srs.mjs');
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'srs-ingest-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** ffmpeg needs seconds to begin where the machine has other work. */
const PATIENCE = 30_000;
const HERE = 'rtmp://127.0.0.1:[port]/live?vhost=[vhost]';
const ingest = (id: string, input: string, more = '', engine = 'enabled off;', query = '') =>
  `ingest ${id} { enabled on; input { ${input} } ffmpeg ffmpeg; ${more} engine { ${engine} output ${HERE}/${id}${query}; } }`;
const start = (vhost: string, root = '', ports: Record<string, number> = {}) =>
  startSrs({
    ports,
    config: `listen PORT; pid DIR/srs.pid; srs_log_tank console; ff_log_dir ${dir}/logs; ${root}
      http_api { enabled on; listen 127.0.0.1:API_PORT; }
      vhost __defaultVhost__ { ${vhost} }`,
  });
const ffmpegs = (srs: Srs) => childrenOf(srs.pid).filter(({ command }) => / -progress pipe:3 /.test(command));
const published = (srs: Srs, name: string) => srs.log().split(`live/${name}","style"`).length - 1;
const isLive = (srs: Srs, name: string) =>
  until(`${name} is published`, () => published(srs, name) > 0, PATIENCE).catch((error: Error) => {
    throw new Error(`${error.message}; ${srs.log()}`);
  });
const stateOf = async (srs: Srs, id: string) => {
  const { body } = await apiOf(srs.ports.API_PORT)('/api/v1/ingests');
  return body.ingests.find((one) => one.ingest === id) ?? assert.fail(`no ingest ${id}`);
};
const more = async (player: Recording, frames = 25): Promise<void> => {
  const seen = times(player.messages, 'video').length;
  await player.until('it goes on', (all) => times(all, 'video').length > seen + frames, PATIENCE);
};
const steps = (player: Recording, kind: 'audio' | 'video') =>
  times(player.media(), kind)
    .map((time, i, all) => time - (all[i - 1] ?? time))
    .slice(1);

withPeers('ffmpeg')('a file, over and over', () => {
  test('players go over its end without a gap, a step back or a complaint of the decoder', {
    timeout: 90_000,
  }, async () => {
    const short = { seconds: 2, gop: 25 };
    copyFileSync(await clip(short), join(dir, 'a.flv'));
    const bFrames = await clip({ ...short, bFrames: 2 });
    expect((await run('ffmpeg', ['-v', 'error', '-i', bFrames, '-c', 'copy', join(dir, 'b.mp4')])).code).toBe(0);
    const srs = await start(`hls { enabled on; hls_fragment 1; }
      ${ingest('a', `url ${dir}/a.flv;`)} ${ingest('b', `url ${dir}/b.mp4;`)}`);
    await Promise.all(['a', 'b'].map((id) => isLive(srs, id)));
    const players = await Promise.all(['a', 'b'].map((id) => record(srs.url('live', id))));
    const complaints = await Promise.all([
      decodeComplaints(srs.url('live', 'a'), 5),
      // The end of a sound in MP4 lies over its beginning by some samples of the encoder's.
      decodeComplaints(srs.url('live', 'b'), 5, { repeatedTimes: true }),
    ]);
    expect(complaints).toEqual([[], []]);
    for (const player of players) {
      await player.until('two ends', (all) => (times(all, 'video').at(-1) ?? 0) > 5000, PATIENCE);
      expect(Math.min(...steps(player, 'video'))).toBeGreaterThan(0);
      expect(Math.max(...steps(player, 'video'))).toBeLessThanOrEqual(100);
      expect(Math.min(...steps(player, 'audio'))).toBeGreaterThanOrEqual(0);
      expect(Math.max(...steps(player, 'audio'))).toBeLessThanOrEqual(100);
    }
    expect([published(srs, 'a'), published(srs, 'b')]).toEqual([1, 1]);
    const state = await stateOf(srs, 'a');
    expect(state).toMatchObject({ state: 'running', restarts: 0, last_error: '', output: '__defaultVhost__/live/a' });
    expect(state.fps).toBeGreaterThan(15);
    expect(state.speed).toBeGreaterThan(0.7);
    const metrics = await (await fetch(`http://127.0.0.1:${srs.ports.API_PORT}/metrics`)).text();
    expect(metrics).toContain('srs_ingest_running{vhost="__defaultVhost__",ingest="a",engine=""} 1\n');
    expect((await srs.stop()).code).toBe(0);
    expect(ffmpegs(srs)).toEqual([]);
  });
});

withPeers('ffmpeg', 'vlc')('streams of others', () => {
  const page = readFileSync(join(root, 'docs/ingest.md'), 'utf8');
  const examples = [...page.matchAll(/```nginx\n(ingest .*?)\n```/gs)].map(([, block]) => block).join('\n');

  test('as docs/ingest.md writes them, and by HTTP-FLV and UDP; what vanishes is pulled again when it is back', {
    timeout: 120_000,
  }, async () => {
    const file = await clip({ seconds: 10, gop: 25 });
    const [rtsp, udp] = [await freePort(), await freePort()];
    const feed = ingest('livestream', `url ${file};`);
    const source = await start(
      `hls { enabled on; hls_fragment 1; } http_remux { enabled on; } ${feed}`,
      'http_server { enabled on; listen HTTP_PORT; }',
    );
    const http = `127.0.0.1:${source.ports.HTTP_PORT}`;
    copyFileSync(file, join(dir, 'movie.flv'));
    chmodSync(dir, 0o755);
    const rtp = `#gather:rtp{sdp=rtsp://127.0.0.1:${rtsp}/stream1}`;
    const vlc = ['-I', 'dummy', '-q', '--loop', join(dir, 'movie.flv'), '--sout', rtp, '--sout-keep'];
    background(...unprivileged('cvlc', vlc));
    const mpegts = ['-c', 'copy', '-f', 'mpegts', `udp://127.0.0.1:${udp}?pkt_size=1316`];
    background('ffmpeg', ['-v', 'error', '-re', '-stream_loop', '-1', '-i', file, ...mpegts]);
    const blocks = examples
      .replace('./movie.flv', join(dir, 'movie.flv'))
      .replace('user:password@camera.example.com', `user:password@127.0.0.1:${rtsp}`)
      .replace('rtsp_transport tcp', 'rtsp_transport udp') // of VLC's camera
      .replace('http://origin.example.com:8080', `http://${http}`)
      .replace('rtmp://origin.example.com', `rtmp://127.0.0.1:${source.port}`);
    const srs = await start(`publish { grace 60; } ${blocks}
      ${ingest('flv', `type stream; url http://${http}/live/livestream.flv;`)}
      ${ingest('udp', `type stream; url udp://127.0.0.1:${udp};`)}`);
    const names = ['livestream', 'camera', 'news', 'origin_small', 'flv', 'udp'];
    await Promise.all(names.map((name) => isLive(srs, name)));
    const complaints = await Promise.all(names.map((name) => decodeComplaints(srs.url('live', name), 2)));
    expect(complaints).toEqual(names.map(() => []));
    expect((await stateOf(srs, 'camera')).input).toBe(`rtsp://***@127.0.0.1:${rtsp}/stream1`);
    const camera = readFileSync(join(dir, 'logs/ffmpeg-ingest-__defaultVhost__-live-camera.log'), 'utf8');
    expect(srs.log() + camera).not.toContain('password');

    const player = await record(srs.url('live', 'origin_small'));
    await more(player);
    const before = published(srs, 'origin_small');
    await source.kill9();
    await until('it is missed', async () => (await stateOf(srs, 'origin')).state === 'waiting', PATIENCE);
    expect((await stateOf(srs, 'origin')).last_error).toMatch(/^it ended with code \d+$/);
    const seen = times(player.messages, 'video').length;
    await start(feed, '', { PORT: source.port });
    await until('it is pulled again', () => published(srs, 'origin_small') > before, PATIENCE);
    await player.until('players go on', (all) => times(all, 'video').length > seen + 25, PATIENCE);
    expect(player.closed()).toBe(false);
    expect(neverBack(times(player.media(), 'video'))).toBe(true);
    expect((await stateOf(srs, 'origin')).restarts).toBeGreaterThan(0);
  });

  test('conf/ingest.conf runs as it is, with a movie.flv beside it', { timeout: 60_000 }, async () => {
    copyFileSync(await clip({ seconds: 10, gop: 25 }), join(dir, 'movie.flv'));
    const port = await freePort();
    const env = { ...process.env, SRS_LISTEN: String(port) };
    const conf = ['-c', join(root, 'conf/ingest.conf')];
    const check = await run(process.execPath, [program, '-t', ...conf], { cwd: dir, env });
    expect([check.code, check.stderr]).toEqual([0, '']);
    const server = background(process.execPath, [program, ...conf], { cwd: dir, env });
    await until('it is published', () => server.log().includes('live/livestream","style"'), PATIENCE);
    expect(await decodeComplaints(`rtmp://127.0.0.1:${port}/live/livestream`, 2)).toEqual([]);
    expect(server.log()).not.toMatch(/"level":[45]0/);
    server.signal('SIGTERM');
    expect((await server.ended).code).toBe(0);
  });
});

withPeers('ffmpeg')('what goes wrong with ffmpeg', () => {
  test('killed or frozen it is replaced, players stay; a server that is killed leaves none', {
    timeout: 90_000,
  }, async () => {
    const file = await clip({ seconds: 10, gop: 25 });
    const srs = await start(`publish { grace 60; } ${ingest('a', `url ${file};`, 'stall_timeout 4;')}
      ${ingest('bad', 'type stream; url rtmp://127.0.0.1:1/live/s;')}`);
    await isLive(srs, 'a');
    const player = await record(srs.url('live', 'a'));
    await more(player);
    const { pid: first } = await stateOf(srs, 'a');
    process.kill(first, 'SIGKILL');
    await until('another one publishes', () => published(srs, 'a') === 2, PATIENCE);
    await more(player);
    const killed = await stateOf(srs, 'a');
    expect(killed).toMatchObject({ restarts: 1, last_error: 'it was ended by SIGKILL' });

    process.kill(killed.pid, 'SIGSTOP');
    await until('a third one publishes', () => published(srs, 'a') === 3, PATIENCE);
    expect(isAlive(killed.pid)).toBe(false);
    await more(player);
    expect(await stateOf(srs, 'a')).toMatchObject({ restarts: 2, last_error: 'no progress for 4000 ms' });
    expect(player.closed()).toBe(false);
    expect(neverBack(times(player.media(), 'video'))).toBe(true);
    const bad = await stateOf(srs, 'bad');
    expect([bad.state, bad.error_lines.join()]).toEqual([
      expect.stringMatching(/waiting|starting/),
      expect.stringContaining('Connection refused'),
    ]);

    const left = ffmpegs(srs);
    await srs.kill9();
    await until('no ffmpeg is left', () => left.every(({ pid }) => !isAlive(pid)), 5000);
  });
});

withPeers('ffmpeg')('an ingest and other publishers', () => {
  test('an encoder takes its stream over, and it comes back when that has left', { timeout: 90_000 }, async () => {
    const file = await clip({ seconds: 10, gop: 25 });
    const srs = await start(`publish { grace 60; } ${ingest('a', `url ${file};`)}`);
    await isLive(srs, 'a');
    const player = await record(srs.url('live', 'a'));
    const encoder = pushFile(file, srs.url('live', 'a'));
    const taken = '__defaultVhost__/live/a has another publisher: it begins when that has left';
    await until('it waits', async () => (await stateOf(srs, 'a')).last_error === taken, PATIENCE);
    await more(player, 50);
    expect(published(srs, 'a'), 'nobody takes it back').toBe(2);
    const waiting = performance.now();
    await encoder.stop();
    await until('it is back', () => published(srs, 'a') === 3, PATIENCE);
    expect(performance.now() - waiting).toBeLessThan(15_000);
    await more(player);
    expect(player.closed()).toBe(false);
    expect(neverBack(times(player.media(), 'video'))).toBe(true);
  });

  test('the rules for clients hold for it, hooks are told what it is, and it may be transcoded', {
    timeout: 90_000,
  }, async () => {
    const hooks = await startHooks({ '*': say('0') });
    const file = await clip({ seconds: 10, gop: 25 });
    const secret = 'a-secret-of-the-operator';
    const expire = Math.floor(Date.now() / 1000) + 300;
    const signed = { vhost: '__defaultVhost__', app: 'live', stream: 'a', use: 'publish', expire } as const;
    const rules = `sign { publish on; secret ${secret}; } security { enabled on; allow publish 127.0.0.1; allow play all; }
      http_hooks { enabled on; on_publish ${hooks.url}; on_connect ${hooks.url}; on_unpublish ${hooks.url}; }
      transcode live/a { enabled on; ffmpeg ffmpeg; engine { enabled on; vcodec copy; acodec an; output ${HERE}/silent; } }`;
    // One connection may be there: its own takes no place.
    const srs = await start(
      `${rules} ${ingest('a', `url ${file};`, '', 'enabled off;', `?${signedQuery(secret, signed)}`)} ${ingest('b', `url ${file};`)}`,
      'max_connections 1;',
    );
    await isLive(srs, 'a');
    await isLive(srs, 'silent');
    expect(hooks.of('on_publish').map(({ body }) => [body.stream, body.program, body.ip])).toEqual([
      ['a', 'ingest', '127.0.0.1'],
      ['silent', 'transcode', '127.0.0.1'],
    ]);
    expect(hooks.of('on_connect')[0]?.body).toMatchObject({ program: 'ingest' });
    expect(hooks.calls.map(({ text }) => text).join()).not.toContain('srs_pass');
    const refused = await until('the other one is refused', async () => {
      const state = await stateOf(srs, 'b');
      return state.restarts > 0 && state;
    });
    expect(refused.state).not.toBe('running');
    expect(srs.log()).toContain('SIGN_INVALID');
    expect(srs.log()).not.toMatch(/srs_pass=[0-9a-f]/);
    await srs.stop();
    expect(hooks.of('on_unpublish').find(({ body }) => body.stream === 'a')?.body).toMatchObject({ program: 'ingest' });
  });
});
