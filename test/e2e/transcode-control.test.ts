import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RtmpClient } from '../../src/link/index.js';
import { type FakeFfmpeg, fakeFfmpeg } from '../support/fake-ffmpeg.js';
import { childrenOf, isAlive } from '../support/processes.js';
import { reload } from '../support/reload.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pause, publish, record, times } from '../support/streams.js';
import { feed, tag } from '../support/synthetic.js';

let dir: string;
let ffmpeg: FakeFfmpeg;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'srs-transcode-'));
  ffmpeg = fakeFfmpeg(dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const engine = (name: string, more = '') =>
  `engine ${name} { enabled on; vcodec copy; acodec ${name}; output rtmp://127.0.0.1:[port]/[app]?vhost=[vhost]/[stream]_[engine]; ${more} }`;
const block = (scope: string, engines: string) =>
  `transcode ${scope} { enabled on; ffmpeg ${ffmpeg.path}; ${engines} }`;
const start = (vhosts: string, root = '') =>
  startSrs({
    config: `listen PORT OTHER_PORT; pid DIR/srs.pid; srs_log_tank console; ff_log_dir ${dir}/logs; ${root}\n${vhosts}`,
  });

/** Publishes 25 frames a second until it is closed. */
async function live(url: string): Promise<RtmpClient> {
  const client = await publish(url);
  client.send(tag.avcConfig(0));
  let n = 0;
  const timer = setInterval(() => client.send((n % 25 === 0 ? tag.key : tag.inter)(n++ * 40)), 40);
  timers.push(timer);
  return client;
}
const timers: NodeJS.Timeout[] = [];
afterEach(() => {
  for (const timer of timers.splice(0)) clearInterval(timer);
});

const started = (count: number) => until(`${count} starts`, () => ffmpeg.runs().length >= count && ffmpeg.runs());
const programs = (srs: Srs) => childrenOf(srs.pid).filter(({ command }) => !command.endsWith('srs-guard'));

describe('which engines run', () => {
  test('those of every block whose scope matches, and no other', async () => {
    const srs = await start(`vhost __defaultVhost__ {
      ${block('', `${engine('all')} engine off { vcodec copy; acodec off; output x; }`)}
      ${block('live', engine('app'))} ${block('live/a', engine('stream'))} ${block('live/b', engine('other'))}
      ${block('room', engine('room'))} transcode live/a/x { enabled on; ffmpeg x; }
    }
    vhost v.example.com { ${block('live', engine('vhost'))} }`);
    await live(srs.url('live', 'a'));
    await started(3);
    expect(ffmpeg.codecs().sort()).toEqual(['all', 'app', 'stream']);
    await live(srs.url('room', 'x'));
    await started(5);
    expect(ffmpeg.codecs().slice(3).sort()).toEqual(['all', 'room']);
    await live(`rtmp://127.0.0.1:${srs.ports.OTHER_PORT}/live?vhost=v.example.com/b`);
    const [last] = (await started(6)).slice(5);
    const argv = last?.argv.join(' ') ?? '';
    // The variables: the port is the one that the publisher came to.
    expect(argv).toContain(`-rtmp_tcurl rtmp://127.0.0.1:${srs.ports.OTHER_PORT}/live?vhost=v.example.com&srs_pass=`);
    expect(argv).toMatch(/-rtmp_playpath b_vhost -f flv -y rtmp:\/\/127\.0\.0\.1:\d+\/v\.example\.com\/live\/b_vhost$/);
    const file = join(dir, 'logs/ffmpeg-encoder-v.example.com-live-b-vhost.log');
    const log = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
    await until('its log has begun', () => log().includes('params: ['));
    expect(log()).not.toMatch(/srs_pass=[0-9a-f]/);
    expect(srs.log()).not.toMatch(/srs_pass=[0-9a-f]/);
    expect((await srs.stop()).code).toBe(0);
    expect(ffmpeg.runs().filter(({ pid }) => isAlive(pid))).toEqual([]);
  });

  test('none of a stream whose name would be another output, and none that writes where another does', async () => {
    const file = (name: string) => `engine ${name} { enabled on; vcodec copy; acodec ${name}; output [stream].flv; }`;
    const same = (name: string) =>
      `engine ${name} { enabled on; vcodec copy; acodec ${name}; output rtmp://127.0.0.1:[port]/same/one; }`;
    const self = 'engine self { enabled on; vcodec copy; acodec self; output rtmp://127.0.0.1:[port]/[app]/[stream]; }';
    const srs = await start(
      `vhost __defaultVhost__ { ${block('live', `${file('file')} ${same('a')} ${same('b')} ${self}`)} }`,
    );
    await live(srs.url('live', 'concat:etc'));
    await until('the file is refused', () => /would change the protocol of the output/.test(srs.log()));
    await until('the second one is refused', () => /the output is that of engine a of live, for/.test(srs.log()));
    await until('the loop is refused', () => /the output is the stream itself/.test(srs.log()));
    await started(1);
    expect(ffmpeg.codecs()).toEqual(['a']);
    await live(srs.url('live', '-y'));
    await until('the option is refused', () => /would be an option of ffmpeg/.test(srs.log()));
  });
});

describe('with the stream', () => {
  test('engines start, live through a short absence of the publisher, and end with it', async () => {
    const srs = await start(`vhost __defaultVhost__ { publish { grace 60; } ${block('', engine('a'))} }`);
    const url = srs.url('live', 's');
    const first = await live(url);
    const [run] = await started(1);
    const player = await record(url);
    await player.until('frames', (all) => times(all, 'video').length > 5);

    first.close();
    await pause(500);
    const second = await live(url);
    await live(url); // and a takeover
    await pause(500);
    expect(ffmpeg.runs().map(({ pid }) => pid)).toEqual([run?.pid]);
    expect(isAlive(run?.pid ?? 0)).toBe(true);
    second.close();

    const other = await publish(url);
    await feed(other, { frames: 3 }); // this one has audio
    const [, anew] = await started(2);
    await until('the log says why', () => srs.log().includes('the publisher came back with other codecs'));
    await until('the former is gone', () => !isAlive(run?.pid ?? 0));
    const left = performance.now();
    other.close();
    await until('it ends', () => !isAlive(anew?.pid ?? 0));
    expect(performance.now() - left).toBeGreaterThan(2000);
    await until('nothing is left of it', () => programs(srs).length === 0);
    expect(player.closed()).toBe(false);
  });

  test('200 publishes leave neither zombies nor orphans', { timeout: 120_000 }, async () => {
    const srs = await start(
      `vhost __defaultVhost__ { publish { grace 0; } transcode live { enabled on; ffmpeg ${dir}/sleeper; ${engine('a')} } }`,
    );
    writeFileSync(join(dir, 'sleeper'), `#!/bin/sh\necho $$ >> ${dir}/pids\nexec sleep 300\n`, { mode: 0o755 });
    const cycle = async (i: number): Promise<void> => {
      // Some streams come back at once, some are over before their ffmpeg has begun.
      const client = await publish(srs.url('live', `s${i % 50}`));
      await pause(i % 3 === 0 ? 0 : 100);
      client.close();
    };
    for (let i = 0; i < 200; i += 10) await Promise.all(Array.from({ length: 10 }, (_, k) => cycle(i + k)));
    await until('all have ended', () => programs(srs).length === 0, 20_000);
    const pids = readFileSync(join(dir, 'pids'), 'utf8').trim().split('\n').map(Number);
    expect(pids.length).toBeGreaterThan(10); // most of them, where the machine has nothing else to do
    expect(pids.filter(isAlive)).toEqual([]);
    expect(childrenOf(srs.pid).filter(({ state }) => state === 'Z')).toEqual([]);
    expect(srs.log()).not.toContain('internal error');
    expect((await srs.stop()).code).toBe(0);
  });
});

describe('a reload', () => {
  test('starts, ends and changes engines of live streams; the others and the stream go on', {
    timeout: 90_000,
  }, async () => {
    const config = `vhost __defaultVhost__ {
      # here
      ${block('', `${engine('a')}\n${engine('b')}`)}
    }`;
    const srs = await start(config);
    const url = srs.url('live', 's');
    await live(url);
    await started(2);
    const player = await record(url);
    await player.until('frames', (all) => times(all, 'video').length > 5);
    const pidOf = (name: string) => ffmpeg.runs().findLast(({ argv }) => argv.includes(name))?.pid ?? 0;
    const a = pidOf('a');
    const b = pidOf('b');

    // One engine changes: it alone starts anew.
    const told = await reload(srs, (text) => text.replace('acodec b;', 'acodec b; abitrate 32;'));
    expect(told).toContain('vhost __defaultVhost__ transcode engine b abitrate: 0 → 32');
    await started(3);
    await until('b is gone', () => !isAlive(b));
    expect(pidOf('a')).toBe(a);
    // And back.
    await reload(srs, (text) => text.replace(' abitrate 32;', ''));
    await started(4);

    // A block more, and less.
    await reload(srs, (text) => text.replace('# here', `${block('live', engine('c'))} # here`));
    await started(5);
    const c = pidOf('c');
    await reload(srs, (text) => text.replace(/transcode live \{.*\} # here/, '# here'));
    await until('c is gone', () => !isAlive(c));

    // The whole block, off and on.
    const current = [a, pidOf('b')];
    await reload(srs, (text) => text.replace('transcode  { enabled on;', 'transcode  { enabled off;'));
    await until('all are gone', () => current.every((pid) => !isAlive(pid)));
    await reload(srs, (text) => text.replace('transcode  { enabled off;', 'transcode  { enabled on;'));
    await started(7);

    // What has nothing to do with it ends no engine.
    const runs = ffmpeg.runs().length;
    await reload(srs, (text) => text.replace('# here', 'gop_cache off; hls { enabled on; } # here'));
    await reload(srs, (text) => text.replace('gop_cache off; hls { enabled on; } # here', '# here'));
    await pause(500);
    expect(ffmpeg.runs().length).toBe(runs);
    expect(isAlive(pidOf('a'))).toBe(true);

    // Where ffmpeg writes its log counts from the next start on; /dev/null keeps none.
    const logsIn = (name: string) => (existsSync(join(dir, name)) ? readdirSync(join(dir, name)) : []);
    const written = logsIn('logs');
    expect(written).toContain('ffmpeg-encoder-__defaultVhost__-live-s-b.log');
    await reload(srs, (text) =>
      text.replace(`ff_log_dir ${dir}/logs;`, `ff_log_dir ${dir}/new; ff_log_level warning;`),
    );
    await reload(srs, (text) => text.replace('acodec b;', 'acodec b; abitrate 48;'));
    const moved = (await started(runs + 1)).at(-1);
    expect(moved?.argv.join(' ')).toContain('-loglevel level+warning ');
    await until('its log is in the new place', () => logsIn('new').length === 1);
    await reload(srs, (text) => text.replace(`ff_log_dir ${dir}/new; ff_log_level warning;`, 'ff_log_dir /dev/null;'));
    await reload(srs, (text) => text.replace(' abitrate 48;', ''));
    const last = (await started(runs + 2)).at(-1);
    expect(last?.argv.join(' ')).toContain('-loglevel level+info ');
    expect([...logsIn('logs'), ...logsIn('new')]).toHaveLength(written.length + 1);

    const seen = times(player.messages, 'video').length;
    await player.until('the stream goes on', (all) => times(all, 'video').length > seen + 10);
    expect(times(player.media(), 'video').every((time, i, all) => i === 0 || time === (all[i - 1] ?? 0) + 40)).toBe(
      true,
    );
    const log = await srs.stop();
    expect(log.code).toBe(0);
  });
});

test('ff_log_max_size: a log that grows beyond it is kept as one older file, and begun anew', async () => {
  const talker = join(dir, 'talker');
  const line = 'x'.repeat(99);
  writeFileSync(talker, `#!/bin/sh\nfor i in $(seq 250); do echo ${line} >&2; done\nsleep 60\n`, { mode: 0o755 });
  const srs = await start(
    `vhost __defaultVhost__ { transcode { enabled on; ffmpeg ${talker}; ${engine('a')} } }`,
    'ff_log_max_size 15000;',
  );
  await live(srs.url('live', 's'));
  const log = join(dir, 'logs/ffmpeg-encoder-__defaultVhost__-live-s-a.log');
  const sizes = () => [log, `${log}.1`].map((file) => (existsSync(file) ? statSync(file).size : 0));
  await until('all is written', () => sizes().reduce((sum, bytes) => sum + bytes) >= 25_000);
  const [now, older] = sizes() as [number, number];
  expect(older).toBeGreaterThan(14_800);
  expect(older).toBeLessThanOrEqual(15_000);
  expect(now).toBeLessThan(11_000);
});

describe('no program outlives the server', () => {
  test('killed by SIGKILL, with a script around ffmpeg', async () => {
    const wrapper = join(dir, 'wrapper');
    writeFileSync(wrapper, `#!/bin/sh\n${ffmpeg.path} "$@"\necho over\n`, { mode: 0o755 });
    const srs = await start(
      `vhost __defaultVhost__ { ${block('', engine('a'))} transcode live { enabled on; ffmpeg ${wrapper}; ${engine('b')} } }`,
    );
    await live(srs.url('live', 's'));
    await started(2);
    const family = () => [...childrenOf(srs.pid), ...childrenOf(srs.pid).flatMap(({ pid }) => childrenOf(pid))];
    const all = await until(
      'ffmpeg, the guard, the script and its ffmpeg are there',
      () => family().length === 4 && family(),
    );
    await srs.kill9();
    await until('all are gone', () => all.every(({ pid }) => !isAlive(pid)), 5000);
  });

  test('a program that ignores SIGTERM is killed, and the stop waits for it', async () => {
    const stubborn = join(dir, 'stubborn');
    writeFileSync(stubborn, `#!/bin/sh\ntrap '' TERM\necho $$ > ${dir}/pid\nwhile :; do sleep 1; done\n`, {
      mode: 0o755,
    });
    const srs = await start(`vhost __defaultVhost__ { transcode { enabled on; ffmpeg ${stubborn}; ${engine('a')} } }`);
    await live(srs.url('live', 's'));
    const pid = await until('it runs', () => {
      try {
        return Number(readFileSync(join(dir, 'pid'), 'utf8')) || undefined;
      } catch {
        return undefined;
      }
    });
    expect((await srs.stop()).code).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });
});
