// @ts-check
/** `npm run check`: everything besides the tests that must hold; one line per check, the output of those that fail. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkNode, ensureDependencies, root } from './lib/setup.mjs';

checkNode();
ensureDependencies();

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {string | undefined} the output of a command that failed
 */
function run(command, args) {
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (done.status === 0) return undefined;
  return `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}` || `exit code ${done.status}`;
}

/** @param {string} name @param {string[]} args */
const tool = (name, ...args) => run(join(root, 'node_modules/.bin', name), args);

/** @returns {string | undefined} */
function workTreeIsClean() {
  const done = spawnSync('git', ['status', '--porcelain'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  return done.status === 0 && done.stdout !== '' ? done.stdout : undefined;
}

/** @type {Array<[name: string, check: () => string | undefined]>} */
const checks = [
  ['lock file is complete', () => run(process.execPath, ['scripts/complete-lock.mjs', '--check'])],
  ['types (tsc)', () => tool('tsc', '-p', '.')],
  ['types of the page (tsc)', () => tool('tsc', '-p', 'src/console')],
  [
    'format and lint (biome)',
    () => tool('biome', 'ci', '--colors=off', '--error-on-warnings', '--max-diagnostics=100', '.'),
  ],
  ['promises and any (eslint)', () => tool('eslint', '--max-warnings=0', '.')],
  ['architecture (dependency-cruiser)', () => tool('depcruise', 'src', '--output-type', 'err-long')],
  ['unused code (knip)', () => tool('knip', '--no-progress')],
];
if (existsSync(join(root, 'scripts/generate-docs.ts')))
  checks.push(['generated docs up to date', () => tool('tsx', 'scripts/generate-docs.ts', '--check')]);
if (process.env.CI === 'true') checks.push(['git status is clean', workTreeIsClean]);

/** @type {string[]} */
const failures = [];
for (const [name, check] of checks) {
  const started = performance.now();
  const problem = check();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${problem === undefined ? 'ok  ' : 'FAIL'} ${name.padEnd(36)} ${seconds.padStart(5)} s`);
  if (problem !== undefined) failures.push(`\n── ${name} ──\n${problem.trimEnd()}`);
}
for (const failure of failures) console.log(failure);
process.exit(failures.length > 0 ? 1 : 0);
