import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiOf } from '../support/api.js';
import { type FakeFfmpeg, fakeFfmpeg } from '../support/fake-ffmpeg.js';
import { childrenOf, isAlive } from '../support/processes.js';
import { reload } from '../support/reload.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';

let dir: string;
let ffmpeg: FakeFfmpeg;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'srs-ingest-'));
  ffmpeg = fakeFfmpeg(dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Told apart by its audio codec, as the engines of transcodes are. */
const ingest = (id: string, more = '', url = 'udp://127.0.0.1:1') =>
  `ingest ${id} { enabled on; input { type stream; url ${url}; } ffmpeg ${ffmpeg.path}; ${more}
    engine { enabled on; vcodec copy; acodec ${id}; output rtmp://127.0.0.1:[port]/live?vhost=[vhost]/${id}; } }\n`;
const start = (vhosts: string) =>
  startSrs({
    config: `listen PORT; pid DIR/srs.pid; srs_log_tank console; ff_log_dir ${dir}/logs;
      http_api { enabled on; listen 127.0.0.1:API_PORT; }\n${vhosts}`,
  });
const runs = (count: number) => until(`${count} starts`, () => ffmpeg.runs().length >= count && ffmpeg.runs());
const pidOf = (id: string) => ffmpeg.runs().findLast(({ argv }) => argv.includes(id))?.pid ?? 0;
const programs = (srs: Srs) => childrenOf(srs.pid).filter(({ command }) => !command.endsWith('srs-guard'));
const failures = (srs: Srs, id: string) =>
  srs
    .log()
    .split('\n')
    .filter((line) => line.includes('"program failed"') && line.includes(`"ingest":"${id}"`))
    .map((line) => JSON.parse(line) as { level: number; why: string });

describe('ingests run as long as the server', () => {
  test('from its start to its end, with their arguments and log; those that are off do not', async () => {
    const srs = await start(`vhost v.example.com { ${ingest('a')} ingest off { enabled off; } }
      vhost w { enabled off; ${ingest('w')} }`);
    const [run] = await runs(1);
    const argv = run?.argv.join(' ') ?? '';
    expect(argv).toContain('-i udp://127.0.0.1:1 -vcodec copy -acodec a ');
    // Published here with a pass, whatever addresses are listened on.
    expect(argv).toContain(`-rtmp_tcurl rtmp://127.0.0.1:${srs.port}/live?vhost=v.example.com&srs_pass=`);
    expect(argv).toMatch(/-rtmp_playpath a -f flv -y rtmp:\/\/127\.0\.0\.1:\d+\/v\.example\.com\/live\/a$/);
    await until('its log is there', () => existsSync(join(dir, 'logs/ffmpeg-ingest-v.example.com-live-a.log')));
    const { body } = await apiOf(srs.ports.API_PORT)('/api/v1/ingests');
    expect(body.ingests).toMatchObject([
      { vhost: 'v.example.com', ingest: 'a', engine: '', input: 'udp://127.0.0.1:1', output: 'v.example.com/live/a' },
    ]);
    expect((await srs.stop()).code).toBe(0);
    expect(ffmpeg.runs()).toHaveLength(1);
    expect(isAlive(run?.pid ?? 0)).toBe(false);
  });

  test('killed by SIGKILL it leaves no ffmpeg, nor what a script around it has started', async () => {
    const wrapper = join(dir, 'wrapper');
    writeFileSync(wrapper, `#!/bin/sh\n${ffmpeg.path} "$@"\necho over\n`, { mode: 0o755 });
    const wrapped = ingest('b').replace(`ffmpeg ${ffmpeg.path}`, `ffmpeg ${wrapper}`);
    const srs = await start(`vhost v { ${ingest('a')} ${wrapped} }`);
    await runs(2);
    const family = () => [...childrenOf(srs.pid), ...childrenOf(srs.pid).flatMap(({ pid }) => childrenOf(pid))];
    const all = await until('ffmpeg, the guard, the script and its ffmpeg', () => family().length === 4 && family());
    await srs.kill9();
    await until('all are gone', () => all.every(({ pid }) => !isAlive(pid)), 5000);
  });
});

describe('one that fails does not touch the others', () => {
  test('a missing file or program is told once with where it was looked for, tried again, and found when it comes', async () => {
    const file = join(dir, 'late.flv');
    const late = ingest('late', '', file).replace('type stream', 'type file');
    const noProgram = ingest('program').replace(`ffmpeg ${ffmpeg.path}`, `ffmpeg ${dir}/later-ffmpeg`);
    const srs = await start(`vhost v { ${late} ${noProgram} ${ingest('fine')} }`);
    await runs(1);
    const states = async () => (await apiOf(srs.ports.API_PORT)('/api/v1/ingests')).body.ingests;
    const tried = await until('all were tried twice', async () => {
      const found = await states();
      return found.filter(({ restarts }) => restarts > 0).length === 2 && found;
    });
    expect(tried.map(({ ingest: id, last_error }) => [id, last_error])).toEqual([
      ['late', `cannot ingest ${file}: no such file`],
      ['program', `cannot run ${dir}/later-ffmpeg: no such file`],
      ['fine', ''],
    ]);
    for (const id of ['late', 'program']) expect(failures(srs, id)).toHaveLength(1);
    expect(ffmpeg.codecs()).toEqual(['fine']);

    writeFileSync(file, '');
    copyFileSync(ffmpeg.path, join(dir, 'later-ffmpeg'));
    await runs(3);
    expect(ffmpeg.codecs().sort()).toEqual(['fine', 'late', 'program']);
    expect(
      ffmpeg
        .runs()
        .find(({ argv }) => argv.includes('late'))
        ?.argv.join(' '),
    ).toContain('-re -stream_loop -1 -i');
    await until('all run', async () => (await states()).every(({ state }) => state === 'running'));
  });

  test('one that ends at once is started again later and later, not in a circle', async () => {
    const starts = join(dir, 'starts');
    const brief = join(dir, 'brief');
    const script = `#!/bin/sh\ndate +%s%3N >> ${starts}\necho '[error] no such camera' >&2\nexit 1\n`;
    writeFileSync(brief, script, { mode: 0o755 });
    const srs = await start(`vhost v { ${ingest('a').replace(`ffmpeg ${ffmpeg.path}`, `ffmpeg ${brief}`)} }`);
    const times = () => (existsSync(starts) ? readFileSync(starts, 'utf8').trim().split('\n').map(Number) : []);
    const [first = 0, second = 0, third = 0] = await until(
      'three starts',
      () => times().length >= 3 && times(),
      20_000,
    );
    // 1 s and 2 s, give or take a quarter.
    expect(second - first).toBeGreaterThanOrEqual(700);
    expect(third - second).toBeGreaterThanOrEqual(1450);
    expect(failures(srs, 'a')).toHaveLength(1);
    expect(failures(srs, 'a')[0]).toMatchObject({ level: 40, said: ['[error] no such camera'] });
  });

  test('two that lead to one stream, however it is written: the second is refused', async () => {
    const same = ingest('b').replace('127.0.0.1:[port]/live?vhost=[vhost]/b', 'localhost:[port]/live?vhost=v/a');
    const srs = await start(`vhost v { ${ingest('a')} ${same} }`);
    await until('it is told', () => failures(srs, 'b').length > 0);
    expect(failures(srs, 'b')[0]?.why).toBe('the output is that of ingest a of vhost v: give each its own');
    await runs(1);
    expect(ffmpeg.codecs()).toEqual(['a']);
  });
});

test('a reload starts, ends and changes ingests by their id; the others go on', { timeout: 60_000 }, async () => {
  const srs = await start(`vhost v {\n${ingest('a')}${ingest('b')}# here\n} # vhosts\n`);
  await runs(2);
  const a = pidOf('a');
  const first = pidOf('b');

  const told = await reload(srs, (text) => text.replace('acodec b;', 'acodec b; abitrate 32;'));
  expect(told).toContain('vhost v ingest b engine abitrate: 0 → 32');
  await runs(3);
  expect(isAlive(first)).toBe(false);

  await reload(srs, (text) => text.replace('# here', `${ingest('c')}# here`));
  await runs(4);
  const c = pidOf('c');
  await reload(srs, (text) => text.replace(/ingest c \{.*?\} \}\n/s, ''));
  await until('c is gone', () => !isAlive(c));

  const b = pidOf('b');
  await reload(srs, (text) => text.replace('ingest b { enabled on;', 'ingest b { enabled off;'));
  await until('b is gone', () => !isAlive(b));
  await reload(srs, (text) => text.replace('ingest b { enabled off;', 'ingest b { enabled on;'));
  await runs(5);

  // A bad file changes nothing, and says where it is bad.
  const bad = await reload(srs, (text) => text.replace('# here', 'ingest d { enabled on; }'));
  expect(bad).toMatch(/srs\.conf:\d+:12: ingest d needs a url in its input/);
  await reload(srs, (text) => text.replace('ingest d { enabled on; }', '# here'));

  // Another vhost, and the end of one.
  await reload(srs, (text) => text.replace('# vhosts', `vhost w { ${ingest('w')} } # vhosts`));
  await runs(6);
  const w = pidOf('w');
  await reload(srs, (text) => text.replace('vhost w {', 'vhost w { enabled off;'));
  await until('w is gone', () => !isAlive(w));

  // What has nothing to do with it.
  await reload(srs, (text) => text.replace('# here', 'gop_cache off; # here'));
  expect(pidOf('a')).toBe(a);
  expect(isAlive(a)).toBe(true);
  expect(ffmpeg.runs()).toHaveLength(6);
  expect(programs(srs)).toHaveLength(2);
  expect((await srs.stop()).code).toBe(0);
  expect(ffmpeg.runs().filter(({ pid }) => isAlive(pid))).toEqual([]);
});
