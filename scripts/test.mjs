// @ts-check
/**
 * `npm test [-- filters and options of vitest]`: installs and builds what is missing, real peers included, and runs
 * the tests. `--fast`: only those that need neither a build nor a peer. The last line is `N passed, N failed, N skipped`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePeers } from './lib/peers.mjs';
import { checkNode, ensureBuild, ensureDependencies, root, say } from './lib/setup.mjs';

checkNode();
ensureDependencies();

const given = process.argv.slice(2).filter((arg) => arg !== '--fast');
const isFast = (/** @type {string} */ arg) => /^(\.?\/?test\/)?(unit|golden|fuzz|arch)\b/.test(arg);
const filters = given.filter((arg) => !arg.startsWith('-'));
const fast = process.argv.includes('--fast') || (filters.length > 0 && filters.every(isFast));

const env = { ...process.env };
let peersMissing = false;
if (!fast) {
  ensureBuild();
  const peers = ensurePeers();
  peersMissing = Object.values(peers).some((lack) => lack !== null);
  env.SRS_TEST_PEERS = JSON.stringify(peers); // read by test/support/peers.ts
}

const dir = mkdtempSync(join(tmpdir(), 'srs-test-'));
const report = join(dir, 'report.json');
const vitest = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    ...(fast ? ['--project=fast'] : []),
    '--reporter=default',
    '--reporter=json',
    `--reporter=${join(root, 'scripts/lib/flaky-reporter.mjs')}`,
    `--outputFile.json=${report}`,
    ...given,
  ],
  { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] },
);

/**
 * @typedef {{ status: string, fullName: string }} Assertion
 * @typedef {{ name: string, status: string, assertionResults: Assertion[] }} FileResult
 */
/** @type {FileResult[]} */
const files = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [];
rmSync(dir, { recursive: true, force: true });

const tests = files.flatMap((file) => file.assertionResults);
const skipped = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
const passed = tests.filter((test) => test.status === 'passed').length;
// A file that does not even load has no tests to its name: it counts as one that failed.
const broken = files.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((t) => t.status === 'failed'),
);
const failed = tests.length - passed - skipped.length + broken.length;

if (vitest.error) say(`vitest could not be started: ${vitest.error.message}`);
for (const test of skipped) console.log(`skipped: ${test.fullName.trim()}`);

const inCi = process.env.CI === 'true';
if (inCi && peersMissing) say('a peer is missing, and in CI no test may go without its peer');
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exit(vitest.status !== 0 || failed > 0 || (inCi && peersMissing) ? vitest.status || 1 : 0);
