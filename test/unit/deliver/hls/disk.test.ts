import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DiskMirror } from '../../../../src/deliver/hls/disk-mirror.js';
import { DiskRoot, type Open } from '../../../../src/deliver/hls/disk-root.js';
import type { Segment } from '../../../../src/deliver/hls/segment-window.js';
import { OwnFiles } from '../../../../src/deliver/own-files.js';
import { openLog } from '../../../../src/kernel/index.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { until } from '../../../support/run.js';

let dir: string;
let logFile: string;
let log: ReturnType<typeof openLog>['log'];
let output: ReturnType<typeof openLog>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'srs-hls-disk-'));
  logFile = `${dir}.log`;
  output = openLog({ tank: 'file', level: 'info', file: logFile });
  log = output.log;
});
afterEach(() => {
  output.flush();
  rmSync(dir, { recursive: true, force: true });
  rmSync(logFile, { force: true });
});

/** Files below the directory, records of owners apart. */
const files = (): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.srs-own-'))
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();
const records = (): string[] => readdirSync(dir).filter((name) => name.startsWith('.srs-own-'));
const logged = (text: string): number => {
  output.flush();
  return readFileSync(logFile, 'utf8').split(text).length - 1;
};

const segment = (seq: number): Segment => ({
  seq,
  independent: true,
  path: `/live/s-${seq}.ts`,
  uri: `s-${seq}.ts`,
  bytes: Buffer.from(`segment ${seq}`),
  size: 9,
  duration: 1,
  discontinuity: false,
  date: undefined,
  key: undefined,
  secret: undefined,
  discontinuitiesBefore: 0,
  keptUntil: undefined,
});

/** A stream with a window of three segments, and its mirror. */
function stream(root: DiskRoot, cleansUp = true, path = '/live/s.m3u8') {
  const listed: Segment[] = [];
  const written: number[] = [];
  const clock = new FakeClock();
  const source = {
    playlistPath: path,
    listed,
    kept: listed,
    playlistOf: (entries: readonly Segment[]) =>
      entries.length > 0 ? entries.map(({ seq }) => seq).join() : undefined,
  };
  const events = { written: ({ seq }: Segment) => written.push(seq), cleansUp: () => cleansUp };
  const mirror = new DiskMirror(source, root, root, events, clock, log);
  const add = (seq: number): void => {
    listed.push(segment(seq));
    if (listed.length > 3) listed.shift();
    mirror.touch();
  };
  const playlist = (): string => (existsSync(join(dir, path)) ? readFileSync(join(dir, path), 'utf8') : '');
  return { mirror, add, written, clock, playlist };
}

describe('HLS files', () => {
  test('are whole, follow the list, and are all removed in the end, with the record of them', async () => {
    const root = new DiskRoot(dir, log);
    const { mirror, add, written, playlist } = stream(root);
    for (let seq = 0; seq < 6; seq++) {
      add(seq);
      await until('it is listed', () => playlist().endsWith(`${seq}`));
    }
    await until('what is old is gone', () => files().length === 4);
    expect(files()).toEqual(['live/s-3.ts', 'live/s-4.ts', 'live/s-5.ts', 'live/s.m3u8']);
    expect(playlist()).toBe('3,4,5');
    expect(written).toEqual([0, 1, 2, 3, 4, 5]);
    expect(records()).toHaveLength(1);
    writeFileSync(join(dir, 'live/foreign.ts'), '');
    await mirror.close(true);
    await root.close();
    expect(files()).toEqual(['live/foreign.ts']);
    expect(records()).toEqual([]);
  });

  test('one that cannot be removed holds up no other, while the stream lives and at its end', async () => {
    const root = new DiskRoot(dir, log);
    const { mirror, add, written } = stream(root);
    add(0);
    await until('it is written', () => written.length === 1);
    rmSync(join(dir, 'live/s-0.ts'));
    await mkdir(join(dir, 'live/s-0.ts'));
    for (let seq = 1; seq < 6; seq++) {
      add(seq);
      await until('it is written', () => written.length === seq + 1);
    }
    await mirror.close(true);
    await root.close();
    expect(files()).toEqual([]);
    expect(logged('HLS files cannot be removed')).toBe(1);
  });

  test('are left to the operator where they are not cleaned up, or not disposed of', async () => {
    const root = new DiskRoot(dir, log);
    const kept = stream(root, false);
    for (let seq = 0; seq < 5; seq++) {
      kept.add(seq);
      await until('it is written', () => kept.written.length === seq + 1);
    }
    await kept.mirror.close(true);
    expect(files()).toEqual([0, 1, 2, 3, 4].map((seq) => `live/s-${seq}.ts`));
    const other = stream(root, true, '/live/t.m3u8');
    other.add(7);
    await other.mirror.close(false);
    await root.close();
    expect(files()).toContain('live/t.m3u8');
    expect(files()).toContain('live/s-7.ts');
    expect(records()).toEqual([]);
  });

  test('a disk that fills: one line in the log, no half files, tried again; the list goes on behind the gap', async () => {
    let full = false;
    const failing = (async (path: string, flags: number, mode: number) => {
      const file = await open(path, flags, mode);
      if (full)
        file.writeFile = async () => {
          await file.write('half');
          throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        };
      return file;
    }) as Open;
    const root = new DiskRoot(dir, log, failing);
    const { add, written, clock, playlist, mirror } = stream(root);
    add(0);
    await until('it is written', () => playlist() === '0');
    full = true;
    for (let seq = 1; seq < 6; seq++) {
      add(seq);
      await until('it failed', () => logged('the disk is full') === 1);
      await until('nothing is going on', () => files().every((path) => !path.endsWith('.tmp')));
    }
    expect(written).toEqual([0]);
    full = false;
    await until('it is tried again without another segment', () => {
      clock.advance(5000);
      return playlist() === '3,4,5';
    });
    expect(files()).toEqual(['live/s-3.ts', 'live/s-4.ts', 'live/s-5.ts', 'live/s.m3u8']);
    expect(logged('cannot be written')).toBe(1);
    await until('the log says so', () => logged('HLS files are written again') === 1);
    await mirror.close(true);
    await root.close();
  });

  test('a file that another stream has is not written, and not removed with this one', async () => {
    const root = new DiskRoot(dir, log);
    const [one, two] = [stream(root), stream(root)];
    one.add(1);
    await until('it is written', () => one.playlist() === '1');
    two.add(1);
    await until('it failed', () => logged('another stream has this file') === 1);
    await two.mirror.close(true);
    expect(files()).toEqual(['live/s-1.ts', 'live/s.m3u8']);
    await one.mirror.close(true);
    await root.close();
  });

  test('links lead nothing out of the directory', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'srs-hls-out-'));
    symlinkSync(outside, join(dir, 'live'));
    const root = new DiskRoot(dir, log);
    const { add, mirror } = stream(root);
    add(1);
    await until('it failed', () => logged('a link leads out of the directory') === 1);
    await mirror.close(true);
    await root.close();
    expect(readdirSync(outside)).toEqual([]);
    rmSync(outside, { recursive: true });
  });

  test('a link in place of a temporary file is not followed', async () => {
    await mkdir(join(dir, 'live'));
    writeFileSync(join(dir, 'victim'), 'untouched');
    symlinkSync(join(dir, 'victim'), join(dir, 'live/s-1.ts.tmp'));
    const root = new DiskRoot(dir, log);
    const { add, mirror } = stream(root);
    add(1);
    await until('it failed', () => logged('cannot be written') === 1);
    await mirror.close(true);
    await root.close();
    expect(readFileSync(join(dir, 'victim'), 'utf8')).toBe('untouched');
  });
});

describe('what a killed process has left', () => {
  const dead = { process: '999999999 1 no-such-boot', host: hostname() };
  const leave = (keeper: object, name = '.srs-own-999999999-0a', more = '') => {
    for (const file of ['live/s-1.ts', 'live/s-2.ts.tmp', 'live/s.m3u8', 'live/mine.ts', 'live/given-up.ts'])
      writeFileSync(join(dir, file), 'x');
    const lines = [
      '+"/live/s-1.ts"',
      '+"/live/given-up.ts"',
      '-"/live/given-up.ts"',
      '+"/live/s-2',
      '+"/live/s-2.ts"',
      '+"/live/s.m3u8"',
    ];
    writeFileSync(join(dir, name), [JSON.stringify(keeper), ...lines, more].join('\n'));
  };
  beforeEach(() => mkdir(join(dir, 'live')));
  const settle = async () => await new DiskRoot(dir, log).close();

  test('is removed at the start, half files too, and nothing else', async () => {
    leave(dead);
    await settle();
    expect(files()).toEqual(['live/given-up.ts', 'live/mine.ts']);
    expect(records()).toEqual([]);
    expect(logged('"removed":3')).toBe(1);
  });

  test('is left alone while its process may run: in this or in another container', async () => {
    const own = new OwnFiles(dir);
    await own.add('/live/s-1.ts');
    leave({ ...dead, host: 'another-host' });
    const before = files();
    await settle();
    expect(files()).toEqual(before);
    expect(records()).toHaveLength(2);
    await own.close();
  });

  test('paths that lead out of the directory are not followed', async () => {
    const victim = `${dir}.victim`;
    writeFileSync(victim, 'x');
    leave(dead, undefined, `+${JSON.stringify(`/../${victim.split('/').at(-1)}`)}`);
    await settle();
    expect(existsSync(victim)).toBe(true);
    rmSync(victim);
  });

  test('a record does not grow without end', async () => {
    const own = new OwnFiles(dir);
    for (let i = 0; i < 1500; i++) {
      await own.add(`/live/s-${i}.ts`);
      if (i > 2) await own.drop(`/live/s-${i - 3}.ts`);
    }
    expect(records()).toHaveLength(1);
    const lines = readFileSync(join(dir, records()[0] ?? ''), 'utf8').split('\n');
    expect(lines.length).toBeLessThan(1100);
    for (let i = 1497; i < 1500; i++) await own.drop(`/live/s-${i}.ts`);
    await own.close();
    expect(records()).toEqual([]);
  });
});
