import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquirePidFile, SystemError } from '../../../src/kernel/index.js';

let dir: string;
let file: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'srs-pid-'));
  file = join(dir, 'objs/srs.pid');
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

const pidFileModule = join(import.meta.dirname, '../../../src/kernel/pid-file.ts');

/** A process that waits for a line, acquires, prints the outcome, and waits to be killed. */
const starter = `
  const { acquirePidFile } = await import(${JSON.stringify(pidFileModule)});
  process.stdout.write('ready\\n');
  let held;
  process.stdin.on('data', (line) => {
    if (String(line).includes('release')) { held.release(); process.stdout.write('released\\n'); return; }
    try { held = acquirePidFile(process.argv[1]); process.stdout.write('held\\n'); }
    catch (error) { process.stdout.write(error.code + ': ' + error.message + '\\n'); }
  });
`;

/** @returns the child once it is ready; `ask` sends a line and resolves with the answer. */
async function start(): Promise<{ pid: number; ask(line: string): Promise<string>; kill(): Promise<void> }> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', starter, '--', file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    ask: async (line) => {
      const answer = once(child.stdout, 'data');
      child.stdin.write(`${line}\n`);
      return String((await answer)[0]).trim();
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SystemError);
    expect((error as SystemError).code).toBe('PID_FILE');
    return (error as SystemError).message;
  }
  throw new Error('it was not refused');
};

test('the file holds the pid and nothing else, 0644, in a directory made for it; release removes all', () => {
  const held = acquirePidFile(file);
  expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o644);
  expect(readdirSync(join(dir, 'objs')).sort()).toEqual(['srs.pid', 'srs.pid.lock']);
  held.release();
  expect(readdirSync(join(dir, 'objs'))).toEqual([]);
  held.release();
});

test('a living process keeps others out, and lets them in when it releases', async () => {
  const first = await start();
  expect(await first.ask('acquire')).toBe('held');
  expect(refusal(() => acquirePidFile(file))).toBe(`already running: pid ${first.pid} holds ${file}`);
  expect(readFileSync(file, 'utf8')).toBe(`${first.pid}\n`);
  expect(await first.ask('release')).toBe('released');
  acquirePidFile(file).release();
});

test('what a killed process left behind is taken over', async () => {
  const first = await start();
  expect(await first.ask('acquire')).toBe('held');
  await first.kill();
  expect(existsSync(`${file}.lock`)).toBe(true);
  const held = acquirePidFile(file);
  expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
  held.release();
});

test('a leftover whose number belongs to another process by now is taken over', () => {
  acquirePidFile(file).release();
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  for (const leftover of [`${process.pid} 1 ${boot}`, `1 12345678 ${boot}`, `1 - another-boot`, '', 'junk', '-1 - -']) {
    writeFileSync(`${file}.lock`, leftover);
    const held = acquirePidFile(file);
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
    held.release();
  }
});

test('a pid file without a lock, of another program, is written over', () => {
  acquirePidFile(file).release();
  writeFileSync(file, '1\n');
  const held = acquirePidFile(file);
  expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
  held.release();
});

test('release leaves alone what is no longer ours', () => {
  const held = acquirePidFile(file);
  writeFileSync(`${file}.lock`, 'somebody else');
  writeFileSync(file, '1\n');
  held.release();
  expect(readFileSync(file, 'utf8')).toBe('1\n');
  expect(readFileSync(`${file}.lock`, 'utf8')).toBe('somebody else');
});

test('of several that start at once exactly one wins, also over a leftover and a broken takeover', async () => {
  const starters = await Promise.all(Array.from({ length: 4 }, start));
  acquirePidFile(file).release();
  for (const leftovers of [[], ['lock'], ['lock', 'lock.break'], ['lock', 'lock.break', 'lock.break.break']]) {
    for (const name of leftovers) writeFileSync(`${file}.${name}`, '999999999 1 gone');
    const answers = await Promise.all(starters.map(({ ask }) => ask('acquire')));
    const winner = starters[answers.indexOf('held')];
    expect(answers.filter((answer) => answer === 'held')).toHaveLength(1);
    expect(answers.filter((answer) => answer.startsWith('PID_FILE: already running: pid '))).toHaveLength(3);
    expect(readFileSync(file, 'utf8')).toBe(`${winner?.pid}\n`);
    await winner?.ask('release');
    expect(readdirSync(join(dir, 'objs'))).toEqual([]);
  }
}, 60_000);

test('what stands in the way is named', () => {
  expect(refusal(() => acquirePidFile('/proc/nowhere/srs.pid'))).toBe(
    'cannot write the pid file /proc/nowhere/srs.pid: there is no such file or directory',
  );
  writeFileSync(join(dir, 'objs'), '');
  expect(refusal(() => acquirePidFile(file))).toBe(
    `cannot write the pid file ${file}: a part of its path is not a directory`,
  );
  expect(refusal(() => acquirePidFile(dir))).toBe(`cannot write the pid file ${dir}: it is not a regular file`);
  expect(refusal(() => acquirePidFile('/dev/null'))).toBe(
    'cannot write the pid file /dev/null: it is not a regular file',
  );
});

test.skipIf(process.getuid?.() === 0)('without permission: a sentence, no half-made file', () => {
  expect(refusal(() => acquirePidFile('/srs.pid'))).toBe('cannot write the pid file /srs.pid: permission denied');
});
