// @ts-check
/** The machine the benchmark runs on: its limits, its versions, and what /proc says about a process. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { availableParallelism, release } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
export const cache = join(root, '.cache/bench');

/** @param {number} ms */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {string} command @param {string[]} args @returns {string | undefined} undefined if there is no such program. */
export function output(command, ...args) {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return done.error === undefined && done.status === 0 ? `${done.stdout}${done.stderr}`.trim() : undefined;
}

/** The server gets a core of its own if there are two and `taskset` can pin. */
export const canPin = availableParallelism() >= 2 && output('taskset', '--version') !== undefined;

export const fileLimit = () => {
  const hard = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }));
  return Number.isFinite(hard) ? hard : 1_000_000;
};

/** @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** @param {number} pid @returns {number[]} */
export function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

const ticksPerSecond = Number(output('getconf', 'CLK_TCK') ?? 100);

/** @param {number} pid CPU seconds so far, user and system; the threads of the process together. */
export function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Seconds that programs have used of core 0, which belongs to the server; interrupts are nobody's. */
export function serverCoreSeconds() {
  const [user, nice, system] =
    /^cpu0 +(\d+) (\d+) (\d+)/m.exec(readFileSync('/proc/stat', 'utf8'))?.slice(1).map(Number) ?? [];
  return ((user ?? 0) + (nice ?? 0) + (system ?? 0)) / ticksPerSecond;
}

/** @param {number} pid Resident memory in MB (of 10^6 bytes). */
export function rssMb(pid) {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kib) * 1024) / 1e6;
}

/** Two runs at a time would measure each other. @returns {string | undefined} who runs already */
export function takeLock() {
  const file = join(cache, 'lock');
  mkdirSync(cache, { recursive: true });
  const holder = readOr(file).trim();
  if (holder !== '' && readOr(`/proc/${holder}/cmdline`).includes('bench/run.mjs')) return holder;
  writeFileSync(file, `${process.pid}\n`);
  process.once('exit', () => rmSync(file, { force: true }));
  return undefined;
}

/** @param {string} file */
const readOr = (file, otherwise = '') => (existsSync(file) ? readFileSync(file, 'utf8') : otherwise);

/** @param {string} nmsVersion */
export function describeMachine(nmsVersion) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const dirty = output('git', 'status', '--porcelain', '--', 'src') ? ', with uncommitted changes' : '';
  return {
    date: new Date().toISOString().slice(0, 10),
    srs: `${version}, commit ${output('git', 'rev-parse', '--short', 'HEAD') ?? 'unknown'}${dirty}`,
    node: process.version,
    nginx: /nginx\/([\d.]+)/.exec(output('nginx', '-v') ?? '')?.[1] ?? 'not installed',
    nginxRtmp: /^Version: (.*)$/m.exec(output('dpkg-query', '-s', 'libnginx-mod-rtmp') ?? '')?.[1] ?? 'not installed',
    nms: nmsVersion,
    kernel: release(),
    cpu: `${/model name\s*: (.*)/.exec(readOr('/proc/cpuinfo'))?.[1] ?? 'unknown'}, ${availableParallelism()} cores`,
    files: fileLimit(),
  };
}
