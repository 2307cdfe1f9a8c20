import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { freeze, ms } from '../../../../src/core/index.js';
import { FileMetadata } from '../../../../src/deliver/dvr/file-metadata.js';
import { FlvContent } from '../../../../src/deliver/dvr/flv-content.js';
import { RecordRoot } from '../../../../src/deliver/dvr/record-root.js';
import { type Ended, Recording } from '../../../../src/deliver/dvr/recording.js';
import { FlvReader } from '../../../../src/protocol/flv/index.js';
import { inter, key } from '../../../support/frames.js';
import { logToMemory } from '../../../support/log-lines.js';
import { until } from '../../../support/run.js';

function start() {
  const dir = mkdtempSync(join(tmpdir(), 'srs-dvr-recording-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const root = new RecordRoot(dir, logToMemory().log);
  const begin = (name: string) => {
    const content = new FlvContent(new FileMetadata(undefined, 20), 'full');
    const told: { failed: string[]; ended: Ended[] } = { failed: [], ended: [] };
    const recording = new Recording(root, content, name, 0, false, {
      written: () => undefined,
      failed: (why) => void told.failed.push(why),
      ended: (end) => void told.ended.push(end),
    });
    let at = 0;
    const send = (bytes: number) => {
      const make = at === 0 ? key : inter;
      content.append({ ...make(at, bytes), dts: ms(at) }, 0);
      at += 40;
      recording.grew();
    };
    return { content, recording, told, send };
  };
  /** The disk does nothing until it is released. */
  const hang = () => {
    let release = (): void => undefined;
    const stuck = new Promise<void>((go) => {
      release = go;
    });
    void root.inTurn(() => stuck);
    return release;
  };
  return { dir, root, begin, hang };
}
const MIB = 2 ** 20;

test('a disk that stands still: so much waits and no more, then the recording fails; what was written becomes a file (R7)', async () => {
  const { dir, root, begin, hang } = start();
  const { recording, told, send } = begin('a.flv');
  send(MIB);
  await until('the begin is written', () => root.waiting === 0);
  const release = hang();
  for (let i = 0; i < 100; i++) {
    send(MIB);
    expect(root.waiting).toBeLessThan(65 * MIB);
  }
  expect(told.failed).toEqual([expect.stringMatching(/^the disk is too slow: \d+ MiB wait for it$/)]);
  expect(root.waiting).toBe(0);
  expect(told.ended).toEqual([]);
  release();
  await until('it has ended', () => told.ended.length === 1);
  expect(told.ended[0]).toMatchObject({ path: 'a.flv', isWhole: false });
  expect(new FlvReader().push(readFileSync(join(dir, 'a.flv')))).toHaveLength(2);
  recording.close();
  await root.close();
  expect(readdirSync(dir)).toEqual(['a.flv']);
});

test('many recordings together do not take more than one directory may', async () => {
  const { dir, root, begin, hang } = start();
  const release = hang();
  const all = Array.from({ length: 20 }, (_, i) => begin(`${i}.flv`));
  for (const { send } of all) for (let i = 0; i < 20; i++) send(MIB);
  expect(root.waiting).toBeLessThanOrEqual(256 * MIB);
  const failed = all.filter(({ told }) => told.failed.length > 0);
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.length).toBeLessThan(20);
  for (const { recording } of all) recording.close();
  release();
  await until('all have ended', () => all.every(({ told }) => told.ended.length === 1));
  await root.close();
  // Of those that failed nothing was written, so there is nothing to keep.
  expect(readdirSync(dir)).toHaveLength(20 - failed.length);
});

test('files and their descriptors are given back, however many there were', async () => {
  const { dir, root, begin } = start();
  const fds = (): number => readdirSync('/proc/self/fd').length;
  const before = fds();
  for (let i = 0; i < 60; i++) {
    const { recording, told, send } = begin(`${i}.flv`);
    send(100);
    recording.close();
    await until('it has ended', () => told.ended.length === 1);
  }
  await root.close();
  expect(readdirSync(dir)).toHaveLength(60);
  expect(fds()).toBeLessThan(before + 10);
});

test('a payload is written as it came, whatever the codec (R13, R14)', async () => {
  const { dir, root, begin } = start();
  const { content, recording, told } = begin('a.flv');
  const payloads = ['90687663310000', '91687663310000000102', 'a1687663310000000304', '9561766331'].map((hex) =>
    freeze(Buffer.from(hex, 'hex')),
  );
  for (const [i, payload] of payloads.entries())
    content.append({ kind: 'video', role: 'key', codec: 'hevc', track: 0, dts: ms(i * 40), cts: ms(0), payload }, 0);
  recording.close();
  await until('it has ended', () => told.ended.length === 1);
  await root.close();
  const tags = new FlvReader().push(readFileSync(join(dir, 'a.flv')));
  expect(tags.slice(1).map(({ payload }) => payload)).toEqual(payloads);
});

/** A directory in which a killed process was recording a.flv. */
function left(): string {
  const dir = mkdtempSync(join(tmpdir(), 'srs-dvr-left-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const content = new FlvContent(new FileMetadata(undefined, 20), 'full');
  for (const at of [0, 40]) content.append({ ...key(at, 100), dts: ms(at) }, 0);
  writeFileSync(join(dir, 'a.flv.tmp'), content.take()?.bytes ?? '');
  const keeper = { process: '1 1 no-such-boot', host: hostname() };
  writeFileSync(join(dir, '.srs-dvr-1-0a0a0a0a'), `${JSON.stringify(keeper)}\n+"a.flv"`);
  return dir;
}

test('what a killed process left gets its name in turn with what is recorded', async () => {
  const dir = left();
  const root = new RecordRoot(dir, logToMemory().log);
  const seen: string[][] = [];
  const turn = root.inTurn(async () => {
    for (let i = 0; i < 30; i++) await new Promise((next) => setTimeout(next, 5));
    seen.push(readdirSync(dir).filter((name) => name.startsWith('a')));
  });
  root.repair();
  await turn;
  await root.close();
  expect(seen).toEqual([['a.flv.tmp']]);
  expect(readdirSync(dir)).toEqual(['a.flv']);
});

test('one that had its name already, but not lost its former one, is not there twice', async () => {
  const dir = left();
  linkSync(join(dir, 'a.flv.tmp'), join(dir, 'a.flv'));
  const root = new RecordRoot(dir, logToMemory().log);
  root.repair();
  await root.close();
  expect(readdirSync(dir)).toEqual(['a.flv']);
});
