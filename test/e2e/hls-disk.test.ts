import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { decodeComplaints } from '../support/decode.js';
import { freePort } from '../support/free-port.js';
import { fetchPlaylist, readPlaylist, send } from '../support/hls.js';
import { startHooks } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { background, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { flvMessages, publish, pushFile, record, times } from '../support/streams.js';
import { checkTs } from '../support/ts-check.js';

const config = (hls: string, more = '') => `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
inotify_auto_reload off;
http_server { enabled on; listen HTTP_PORT; dir DIR/www; }
vhost __defaultVhost__ { hls { enabled on; hls_fragment 1; hls_window 5; ${hls} } publish { grace 1; normal_timeout 30000; } ${more} }
`;
const http = (srs: Srs, path: string): string => `http://127.0.0.1:${srs.ports.HTTP_PORT}${path}`;
const messages = async () => (await flvMessages(await clip({ seconds: 12 }))).filter((m) => m.timestamp < 9000);

const scratch = mkdtempSync(join(tmpdir(), 'srs-hls-e2e-'));
const mounts: string[] = [];
afterAll(() => {
  for (const mount of mounts) spawnSync('umount', [mount]);
  rmSync(scratch, { recursive: true, force: true });
});

/** A small file system of its own takes a right that not every machine gives. */
const mayMount = ((): boolean => {
  const probe = mkdtempSync(join(scratch, 'probe-'));
  const may = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', probe]).status === 0;
  if (may) spawnSync('umount', [probe]);
  return may;
})();

/** All files below a directory, records of owners apart. */
const filesOf = (dir: string): string[] =>
  existsSync(dir)
    ? readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.startsWith('.srs-own-'))
        .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    : [];

/** The playlist on disk, and that every segment in it is there and is a whole transport stream. */
function wholeList(file: string): ReturnType<typeof readPlaylist> {
  const list = readPlaylist(readFileSync(file, 'utf8'));
  for (const { uri } of list.segments) expect(checkTs(readFileSync(join(file, '..', uri))).faults).toEqual([]);
  return list;
}

withPeers('ffmpeg', 'nginx-rtmp')('files', () => {
  test('nginx serves them and ffmpeg plays them while the stream runs; only the window stays; dispose takes all', async () => {
    const hooks = await startHooks();
    const srs = await startSrs({
      config: config('hls_path DIR/hls; hls_dispose 1;', `http_hooks { enabled on; on_hls ${hooks.url}/h; }`),
    });
    const dir = join(srs.dir, 'hls');
    const file = join(dir, 'live/s.m3u8');
    const pusher = pushFile(await clip({ seconds: 12 }), srs.url('live', 's'));
    await until('there is a playlist', () => existsSync(file), 20_000);
    const port = await freePort();
    writeFileSync(
      join(srs.dir, 'nginx.conf'),
      `${process.getuid?.() === 0 ? 'user root; ' : ''}daemon off; pid ${srs.dir}/nginx.pid; error_log stderr; events { }
       http { access_log off; types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; }
         server { listen 127.0.0.1:${port}; root ${dir}; } }\n`,
    );
    const nginx = background('nginx', ['-p', srs.dir, '-c', join(srs.dir, 'nginx.conf')]);
    const url = `http://127.0.0.1:${port}/live/s.m3u8`;
    await until('nginx serves', () =>
      fetch(url).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    const watching = decodeComplaints(url, 5);
    let last = 0;
    await until(
      'the window moved on',
      () => {
        const { sequence } = wholeList(file);
        expect(sequence).toBeGreaterThanOrEqual(last);
        last = sequence;
        // What left the list stays as long as a player may ask for it.
        expect(filesOf(dir).length).toBeLessThan(16);
        return hooks.of('on_hls').length >= 6;
      },
      40_000,
    );
    expect(await watching).toEqual([]);
    // The file is written a moment after the list in memory: alike, unless a segment ends in between.
    await until('memory and disk say the same', async () => {
      const served = await (await fetch(http(srs, '/live/s.m3u8'))).text();
      return served === readFileSync(file, 'utf8');
    });
    const { body } = hooks.of('on_hls')[0] as { body: Record<string, unknown> };
    expect(body).toMatchObject({ file: `${dir}/live/s-${body.seq_no}.ts`, m3u8: file });
    await pusher.stop();
    await until('the end is written, then nothing is left', () => filesOf(dir).length === 0, 15_000);
    await nginx.stop();
  });
});

withPeers('ffmpeg')('files and trouble', () => {
  test('kill -9: the next start removes what was left, half files too, and nothing else; numbers go on', async () => {
    const dir = mkdtempSync(join(scratch, 'kill-'));
    const options = { dir, config: config('hls_path DIR/hls;') };
    const first = await startSrs(options);
    const started = Date.now();
    const client = await publish(first.url('live', 's'));
    await send(client, await messages());
    const file = join(dir, 'hls/live/s.m3u8');
    await until('it is on disk', () => existsSync(file) && wholeList(file).segments.length >= 3);
    const { sequence, segments } = wholeList(file);
    writeFileSync(join(dir, 'hls/live/foreign.ts'), 'x');
    await first.kill9();
    // As if it had been killed in the middle of a write.
    writeFileSync(join(dir, `hls/live/${segments.at(-1)?.uri}.tmp`), 'half');
    expect(filesOf(join(dir, 'hls')).length).toBeGreaterThan(4);

    // Numbers follow the time of day; media came faster than that.
    await until('time has caught up', () => Date.now() - started > 3000);
    const second = await startSrs({ ...options, ports: first.ports });
    await until('it is swept', () => second.log().includes('HLS files of a killed process removed'));
    expect(filesOf(join(dir, 'hls'))).toEqual(['live/foreign.ts']);
    const again = await publish(second.url('live', 's'));
    await send(again, await messages());
    await until('it is on disk again', () => existsSync(file) && wholeList(file).segments.length >= 3);
    expect(wholeList(file).sequence).toBeGreaterThanOrEqual(sequence + segments.length);
    // An end in order leaves nothing either, not even the record of its files.
    expect((await second.stop()).code).toBe(0);
    expect(readdirSync(join(dir, 'hls'), { recursive: true }).sort()).toEqual(['live', 'live/foreign.ts']);
  });

  test('a directory that cannot be: one line in the log, memory serves, a reload to another one helps', async () => {
    const dir = mkdtempSync(join(scratch, 'stay-'));
    const srs = await startSrs({ dir, config: config('hls_path /proc/srs-hls; hls_dispose 0;') });
    const client = await publish(srs.url('live', 's'));
    const media = await messages();
    await send(client, media);
    const served = () => fetchPlaylist(http(srs, '/live/s.m3u8'));
    const before = await until('it is served', async () => {
      const list = await served();
      return (list?.segments.length ?? 0) >= 3 ? list : undefined;
    });
    await until('the log says why', () => srs.log().includes('HLS files cannot be written'));
    expect(srs.log().match(/cannot be written/g)).toHaveLength(1);
    writeFileSync(srs.configFile, readFileSync(srs.configFile, 'utf8').replace('/proc/srs-hls', `${dir}/hls`));
    srs.signal('SIGHUP');
    await until('the reload is done', () => srs.log().includes('configuration reloaded'));
    await send(
      client,
      media.filter(({ payload }) => payload[1] !== 0),
      9000,
    );
    const file = join(dir, 'hls/live/s.m3u8');
    await until('it is on disk', () => existsSync(file) && wholeList(file).segments.length >= 3);
    expect(wholeList(file).sequence).toBeGreaterThanOrEqual(before.sequence + before.segments.length);
    client.close();
    // hls_dispose 0: the files are the operator's, with the end announced.
    await until('the end is written', () => wholeList(file).ended);
    expect((await srs.stop()).code).toBe(0);
    expect(wholeList(file).segments.length).toBeGreaterThanOrEqual(3);
    expect(readdirSync(join(dir, 'hls')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test.skipIf(!mayMount)(
    'a disk that fills: memory serves, the stream runs, no half files; with room again it goes on',
    async () => {
      const dir = mkdtempSync(join(scratch, 'full-'));
      mkdirSync(join(dir, 'hls'));
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', join(dir, 'hls')]).status).toBe(0);
      mounts.push(join(dir, 'hls'));
      writeFileSync(join(dir, 'hls/ballast'), Buffer.alloc(2_900 * 1024));
      const srs = await startSrs({ dir, config: config('hls_path DIR/hls;') });
      const client = await publish(srs.url('live', 's'));
      const player = await record(srs.url('live', 's'));
      const media = await messages();
      await send(client, media);
      const served = async () => (await fetchPlaylist(http(srs, '/live/s.m3u8')))?.segments.length ?? 0;
      await until('it is served', async () => (await served()) >= 3);
      await until('the log says why', () => srs.log().includes('the disk is full'));
      const halves = () => filesOf(join(dir, 'hls')).filter((path) => path.endsWith('.tmp'));
      await until('no half file is left', () => halves().length === 0);
      rmSync(join(dir, 'hls/ballast'));
      await send(
        client,
        media.filter(({ payload }) => payload[1] !== 0),
        9000,
      );
      await until('it goes on', () => srs.log().includes('HLS files are written again'), 20_000);
      const file = join(dir, 'hls/live/s.m3u8');
      await until('there is a playlist', () => existsSync(file) && wholeList(file).segments.length > 0);
      expect(srs.log().match(/cannot be written/g)).toHaveLength(1);
      await player.until('the player has all', (got) => times(got, 'video').length > 400);
      expect((await srs.stop()).code).toBe(0);
      expect(filesOf(join(dir, 'hls'))).toEqual([]);
    },
  );

  test('hls_storage disk: nothing is served from memory, files of the mount are', async () => {
    const srs = await startSrs({ config: config('hls_path DIR/www; hls_storage disk;') });
    const client = await publish(srs.url('live', 's'));
    await send(client, await messages());
    const list = await until('there is a playlist', () => fetchPlaylist(http(srs, '/live/s.m3u8')));
    const reply = await fetch(http(srs, `/live/${list.segments[0]?.uri}`));
    expect(checkTs(Buffer.from(await reply.arrayBuffer())).faults).toEqual([]);
    expect(srs.log()).not.toMatch(/"protocol":"hls"/);
    client.close();
  });
});
