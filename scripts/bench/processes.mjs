// @ts-check
/** Starts programs pinned to a core, and ends by pid whatever this run has started. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, canPin, sleep } from './machine.mjs';

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** @type {Set<ChildProcess>} */
const running = new Set();

/**
 * @param {'server' | 'load'} side
 * @param {string[]} command
 * @param {{ nice?: number, idle?: boolean, stdio?: import('node:child_process').StdioOptions, cwd?: string }} [options]
 */
function start(side, command, { nice = 0, idle = false, stdio = 'pipe', cwd = cache } = {}) {
  const pinned = canPin ? ['taskset', '-c', side === 'server' ? '0' : '1', ...command] : command;
  const niced = nice > 0 ? ['nice', '-n', String(nice), ...pinned] : pinned;
  // An idle task gives way at once to whatever else wants the core.
  const [program = '', ...args] = idle ? ['chrt', '-i', '0', ...niced] : niced;
  const child = spawn(program, args, { stdio, cwd });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/** @param {string} name */
export const logFile = (name) => join(cache, 'logs', `${name}.log`);

/** A server: its output goes to a log file in the cache. @param {string} name @param {string[]} command @param {'server' | 'load'} [side] */
export function startServer(name, command, cwd = cache, side = 'server') {
  mkdirSync(join(cache, 'logs'), { recursive: true });
  const log = openSync(logFile(name), 'w');
  const child = start(side, command, { stdio: ['ignore', log, log], cwd });
  closeSync(log);
  return child;
}

/** @param {string} name @param {number} lines */
export const logTail = (name, lines = 3) =>
  readFileSync(logFile(name), 'utf8').trim().split('\n').slice(-lines).join(' | ');

/**
 * A load tool: prints marks ("READY", "WINDOW-START") on stderr and one line of JSON at the end.
 * @param {string[]} command
 * @param {{ nice?: number, idle?: boolean }} [options]
 */
export function startTool(command, options = {}) {
  const child = start('load', command, options);
  let out = '';
  let err = '';
  /** @type {Map<string, () => void>} */
  const waiting = new Map();
  const look = () => {
    for (const [mark, resolve] of waiting) if (err.includes(mark)) resolve();
  };
  child.stdout?.on('data', (bytes) => {
    out += bytes;
  });
  child.stderr?.on('data', (bytes) => {
    err += bytes;
    look();
  });
  /** @type {Promise<void>} */
  const ended = new Promise((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    /** Resolves when the tool says so. @param {string} mark @returns {Promise<void>} */
    said: (mark) =>
      new Promise((resolve, reject) => {
        waiting.set(mark, resolve);
        ended.then(() =>
          reject(new Error(`${command[0]?.split('/').at(-1)} ended early: ${err.trim().split('\n').at(-1)}`)),
        );
        look();
      }),
    /** @returns {Promise<any>} what it measured. */
    async result() {
      await ended;
      if (out === '') throw new Error(`${command[0]?.split('/').at(-1)} failed: ${err.trim().split('\n').at(-1)}`);
      return JSON.parse(out);
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** A load tool that prints for people. @param {string[]} command @returns {Promise<string>} everything it said. */
export function startText(command) {
  const child = start('load', command);
  let text = '';
  child.stdout?.on('data', (bytes) => {
    text += bytes;
  });
  child.stderr?.on('data', (bytes) => {
    text += bytes;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(text));
  });
}

/** Ends one process: politely, then not. @param {ChildProcess} child */
export async function end(child) {
  if (!running.has(child)) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([gone, sleep(5000)]);
  if (running.has(child)) child.kill('SIGKILL');
  await Promise.race([gone, sleep(2000)]);
}

export const endAll = () => Promise.all([...running].map(end));

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    void endAll().then(() => process.exit(130));
  });
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
