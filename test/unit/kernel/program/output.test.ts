import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, describe, test } from 'vitest';
import { BoundedFile } from '../../../../src/kernel/program/bounded-file.js';
import { findProgram } from '../../../../src/kernel/program/find-program.js';
import { LastLines, LineSplitter } from '../../../../src/kernel/program/lines.js';
import { type Progress, ProgressReader } from '../../../../src/kernel/program/progress.js';
import { everySplit } from '../../../support/bytes.js';

const dir = mkdtempSync(join(tmpdir(), 'srs-program-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('lines of a pipe', () => {
  const linesOf = (slices: readonly Uint8Array[]): string[] => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (const slice of slices) splitter.push(Buffer.from(slice));
    splitter.end();
    return lines;
  };

  test('are the same in every slicing, also within a letter', () => {
    for (const slices of everySplit(Buffer.from('ä b\r\nframe=1\rframe=2\r\n\nend')))
      assert.deepEqual(linesOf(slices), ['ä b', 'frame=1', 'frame=2', 'end']);
  });

  test('are cut when they do not end', () => {
    const [line = ''] = linesOf(Array.from({ length: 100 }, () => Buffer.alloc(1000, 'x')));
    assert.isAtMost(line.length, 4096);
  });
});

test('the last lines are kept', () => {
  const last = new LastLines(2);
  for (const line of ['a', 'b', 'c']) last.add(line);
  assert.deepEqual(last.lines, ['b', 'c']);
});

test('a report of ffmpeg -progress, as 5.1 writes it', () => {
  const reports: Progress[] = [];
  const reader = new ProgressReader((report) => reports.push(report));
  const text = `frame=51\nfps=25.41\nstream_0_0_q=23.0\nbitrate= 352.8kbits/s\ntotal_size=87021\nout_time_us=1973016
out_time_ms=1973016\nout_time=00:00:01.973016\ndup_frames=0\ndrop_frames=0\nspeed=0.983x\nprogress=continue
out_time_us=N/A\nspeed=N/A\nprogress=end`;
  for (const line of text.split('\n')) reader.line(line);
  assert.deepEqual(reports, [
    { frame: 51, fps: 25.41, speed: 0.983, outTime: 1973, bytes: 87_021 },
    { frame: 0, fps: 0, speed: undefined, outTime: 0, bytes: 0 },
  ]);
});

describe('a file with a bound', () => {
  test('is appended to, and moved away when it is full', () => {
    const path = join(dir, 'deep', 'er', 'a.log');
    const write = (count: number): void => {
      const file = new BoundedFile(path, 100, (cause) => assert.fail(String(cause)));
      for (let i = 0; i < count; i++) file.line('x'.repeat(19));
      file.close();
    };
    write(3);
    write(4);
    assert.lengthOf(readFileSync(path), 40);
    assert.lengthOf(readFileSync(`${path}.1`), 100);
  });

  test('that cannot be written is told once', () => {
    writeFileSync(join(dir, 'file'), '');
    const causes: unknown[] = [];
    const file = new BoundedFile(join(dir, 'file', 'a.log'), 100, (cause) => causes.push(cause));
    file.line('x');
    file.line('x');
    file.close();
    assert.lengthOf(causes, 1);
  });
});

describe('the file of a program', () => {
  const script = join(dir, 'run');
  writeFileSync(script, '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(dir, 'plain'), '');

  test('is a path as it is, a bare name from PATH', () => {
    assert.equal(findProgram(script, ''), script);
    assert.equal(findProgram('run', `/nowhere:${dir}`), script);
  });

  test.each([
    [join(dir, 'none'), 'no such file'],
    [join(dir, 'plain'), 'it may not be executed'],
    [dir, 'it is not a file'],
  ])('%s is refused', (path, why) => {
    assert.throws(() => findProgram(path, ''), `cannot run ${path}: ${why}`);
  });

  test('that PATH does not lead to', () =>
    assert.throws(() => findProgram('none', dir), 'cannot run none: no such file in PATH'));
});
