import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { decodeComplaints } from '../support/decode.js';
import { send } from '../support/hls.js';
import { linesOf } from '../support/log-lines.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { recordingsIn, wholeFile } from '../support/recordings.js';
import { reload } from '../support/reload.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { flvMessages, isConfig, publish, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const config = (dvr: string) => `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
inotify_auto_reload off;
vhost __defaultVhost__ { publish { grace 1; } dvr { enabled on; dvr_path DIR/rec; ${dvr} } }
`;
const scratch = mkdtempSync(join(tmpdir(), 'srs-dvr-fault-'));
const mounts: string[] = [];
afterAll(() => {
  for (const mount of mounts) spawnSync('umount', [mount]);
  rmSync(scratch, { recursive: true, force: true });
});

/** A file system of its own, small or read-only, takes a right that not every machine gives. */
function mount(directory: string, options: string): boolean {
  mkdirSync(directory, { recursive: true });
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]).status === 0;
  if (isMounted) mounts.push(directory);
  return isMounted;
}
const mayMount = mount(join(scratch, 'probe'), 'size=64k');

const said = (srs: Srs, msg: string) => linesOf(srs.log()).filter((line) => line.msg.startsWith(msg));
const media = async () => (await flvMessages(await clip({ seconds: 12 }))).filter(({ timestamp }) => timestamp < 9000);

withPeers('ffmpeg')('kill -9 while it records (R20)', () => {
  test('the .tmp plays as it is; the next start makes a whole file of it, and touches nothing else', async () => {
    const dir = mkdtempSync(join(scratch, 'kill-'));
    const options = { dir, config: config('') };
    const first = await startSrs(options);
    const client = await publish(first.url('live', 's'));
    await send(client, await media());
    const rec = join(dir, 'rec');
    const open = await until('all of it is on disk', () => {
      const name = recordingsIn(rec)[0];
      return name !== undefined && statSync(join(rec, name)).size > 500_000 && name;
    });
    await first.kill9();
    expect(open).toMatch(/\.flv\.tmp$/);
    const playable = join(dir, 'as-it-is.flv');
    copyFileSync(join(rec, open), playable);
    expect(await decodeComplaints(playable, 60)).toEqual([]);
    // As if it had been killed in the middle of a write.
    writeFileSync(join(rec, open), readFileSync(playable).subarray(0, -1000));
    writeFileSync(join(rec, 'live/foreign.flv.tmp'), readFileSync(playable));

    const second = await startSrs({ ...options, ports: first.ports });
    await until('it is repaired', () => said(second, 'recording of a killed process repaired').length === 1);
    const name = open.replace(/\.tmp$/, '');
    expect(recordingsIn(rec)).toEqual(['live/foreign.flv.tmp', name]);
    expect(readFileSync(join(rec, 'live/foreign.flv.tmp')).equals(readFileSync(playable))).toBe(true);
    const packets = await wholeFile(join(rec, name));
    expect(packets.filter(({ type }) => type === 'video').length).toBeGreaterThan(200);
    expect((await second.stop()).code).toBe(0);
    // Not even the record of its files stays.
    expect(readdirSync(rec).sort()).toEqual(['live']);
  });
});

withPeers('ffmpeg')('a disk in trouble', () => {
  test.skipIf(!mayMount)(
    'full: what was written is a whole file, the stream runs; with room again the next file comes (R2)',
    async () => {
      const dir = mkdtempSync(join(scratch, 'full-'));
      const rec = join(dir, 'rec');
      expect(mount(rec, 'size=12m')).toBe(true);
      writeFileSync(join(rec, 'ballast'), Buffer.alloc(11_900 * 1024));
      const srs = await startSrs({ dir, config: config('') });
      const client = await publish(srs.url('live', 's'));
      const player = await record(srs.url('live', 's'));
      const all = await media();
      await send(client, all);
      await until('the log says why', () => said(srs, 'recording failed').length > 0);
      expect(said(srs, 'recording failed')[0]).toMatchObject({ level: 50, why: 'the disk is full' });
      const [kept = ''] = await until('what there is is closed', () => {
        const list = recordingsIn(rec);
        return list.length === 1 && list[0]?.endsWith('.flv') && list;
      });
      await wholeFile(join(rec, kept));

      // A second stream meets the same disk, and a republish is not held up by it.
      const other = await publish(srs.url('live', 'other'));
      await feed(other, { frames: 50 });
      await until('the other one failed, too', () => said(srs, 'recording failed').length === 2);
      other.close();
      rmSync(join(rec, 'ballast'));
      const more = all.filter((m) => !isConfig(m));
      let at = 9000;
      await until(
        'it is recorded again',
        async () => {
          if (recordingsIn(rec).some((name) => name.startsWith('live/s.') && name !== kept)) return true;
          await send(client, more.slice(0, 200), at);
          at += 9000;
          return false;
        },
        30_000,
      );
      await player.until('the player has all', (got) => times(got, 'video').length > 225);
      client.close();
      await until(
        'the second one is closed',
        () =>
          recordingsIn(rec).filter((name) => name.startsWith('live/s.')).length === 2 &&
          recordingsIn(rec).every((name) => name.endsWith('.flv')),
      );
      await until('the log says that it goes on', () => said(srs, 'recorded again').length === 1);
      expect(said(srs, 'recording failed')).toHaveLength(2);
      expect((await srs.stop()).code).toBe(0);
    },
  );

  test.skipIf(!mayMount)('read-only: one line, the stream runs, a reload to another directory helps', async () => {
    const dir = mkdtempSync(join(scratch, 'ro-'));
    expect(mount(join(dir, 'rec'), 'ro')).toBe(true);
    const srs = await startSrs({ dir, config: config('') });
    const client = await publish(srs.url('live', 's'));
    const player = await record(srs.url('live', 's'));
    await feed(client, { frames: 100 });
    await until('the log says why', () => said(srs, 'recording failed').length === 1);
    expect(said(srs, 'recording failed')[0]?.why).toBe('the file system is read-only');
    await feed(client, { frames: 100, start: 4000 });
    await player.until('the player has all', (got) => times(got, 'video').length >= 200);
    await reload(srs, (text) => text.replace(/dvr_path \S+;/, `dvr_path ${dir}/elsewhere;`));
    await feed(client, { frames: 100, start: 8000 });
    await until('it is recorded there', () => recordingsIn(join(dir, 'elsewhere')).length === 1);
    expect(said(srs, 'recording failed')).toHaveLength(1);
    expect((await srs.stop()).code).toBe(0);
  });

  test('a directory that cannot be made', async () => {
    const srs = await startSrs({ config: config('').replace('DIR/rec', '/proc/srs-dvr') });
    const client = await publish(srs.url('live', 's'));
    await feed(client, { frames: 50 });
    await until('the log says why', () => said(srs, 'recording failed').length === 1);
    expect(said(srs, 'recording failed')[0]?.why).toBe('there is no such file or directory');
    await client.unpublish();
    await client.publish();
    expect((await srs.stop()).code).toBe(0);
  });
});

test('names lead nowhere: what may be published stays below dvr_path, however it is called (S1)', async () => {
  const dir = mkdtempSync(join(scratch, 'names-'));
  const srs = await startSrs({
    dir,
    config: config('dvr_path DIR/deep/rec/[app]/[stream].flv;').replace('dvr_path DIR/rec; ', ''),
  });
  const before = readdirSync(dir).sort();
  const names = [
    ['live', '..'],
    ['live', '../../x'],
    ['..', 'x'],
    ['live/../..', 'x'],
    ['live', '.hidden'],
    ['live', '%2e%2e%2fx'],
    ['live', '..%2f..%2fx'],
    ['live', 'a\\..\\b'],
    ['live', 'a:b'],
    ['live', '[app]'],
    ['live', '[timestamp]'],
    ['live', 'ünï.code'],
    ['live', 'x'.repeat(250)],
  ] as const;
  const recorded: string[] = [];
  for (const [app, stream] of names) {
    const client = await publish(srs.url(app, stream)).catch(() => undefined);
    if (client === undefined) continue;
    await feed(client, { frames: 30 });
    recorded.push(stream);
    client.close();
  }
  const rec = join(dir, 'deep/rec');
  await until(
    'all are closed',
    () => recordingsIn(rec).filter((name) => name.endsWith('.flv')).length === recorded.length,
  );
  expect(recordingsIn(rec).map((name) => basename(name, '.flv'))).toEqual(
    expect.arrayContaining(['[app]', '[timestamp]', 'ünï.code', expect.stringMatching(/^x{200,}-[0-9a-f]{16}$/)]),
  );
  expect(said(srs, 'recording failed')).toEqual([]);
  expect(readdirSync(dir).sort()).toEqual([...before, 'deep'].sort());
  expect(readdirSync(join(dir, 'deep'))).toEqual(['rec']);
  expect((await srs.stop()).code).toBe(0);
});
