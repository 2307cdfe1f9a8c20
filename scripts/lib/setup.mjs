// @ts-check
/**
 * Brings a clone into a state where it can run: Node new enough, packages installed, dist/ built.
 * Plain Node without any package, because node_modules may be missing. Each step says in one line what it does.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What `npm run build` leaves in dist/; all of it must be there for a build to count. */
export const built = ['dist/srs.mjs', 'dist/client.mjs', 'dist/types/client.d.ts', 'dist/console/index.html'];
/** Holds the hash of the sources that dist/ was built from. */
export const stampFile = join(root, 'dist/.inputs');

/** @param {string} line */
export const say = (line) => process.stderr.write(`srs: ${line}\n`);

/**
 * @param {string} line
 * @returns {never}
 */
export function fail(line) {
  say(line);
  process.exit(1);
}

/** @param {string} path */
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

export function checkNode() {
  const need = readJson(join(root, 'package.json')).engines.node.replace(/^>=/, '');
  const [a = 0, b = 0] = need.split('.').map(Number);
  const [x = 0, y = 0] = process.versions.node.split('.').map(Number);
  if (x < a || (x === a && y < b)) fail(`Node ${need} or newer is needed; this is ${process.versions.node}.`);
}

/**
 * Compares the lock file with npm's own record of what it installed, so a hand-made `npm ci` counts as well.
 * @returns {string | undefined} why an install is due; undefined when everything is there.
 */
function whyInstall() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return 'nothing is installed yet';
  const have = readJson(record).packages;
  for (const [path, want] of Object.entries(readJson(join(root, 'package-lock.json')).packages)) {
    if (path === '' || want.link) continue;
    const found = have[path];
    if (!found && want.optional) continue; // a binary for another platform
    if (found?.version !== want.version || found?.integrity !== want.integrity) return `${path} changed`;
  }
  return undefined;
}

export function ensureDependencies() {
  const why = whyInstall();
  if (why === undefined) return;
  say(`installing packages: npm ci (${why})`);
  // `npm i -g .` runs us with its own flags in the environment; they would make this install global too.
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, SRS_PREPARING: '1' };
  for (const key of ['global', 'location', 'prefix', 'global_prefix', 'local_prefix', 'omit', 'production', 'dry_run'])
    delete env[`npm_config_${key}`];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const run = spawnSync(npm, ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (run.error) fail(`npm could not be started: ${run.error.message}`);
  if (run.status !== 0) fail(`npm ci failed (${run.signal ?? `exit code ${run.status}`})`);
}

/**
 * @param {string} dir
 * @returns {string[]}
 */
function filesUnder(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? filesUnder(path) : entry.isFile() ? [path] : [];
  });
}

/** @returns one hash over everything that shapes dist/. */
export function hashInputs() {
  const single = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.types.json',
    'scripts/build.mjs',
    'scripts/lib/build-console.mjs',
  ];
  const hash = createHash('sha256');
  for (const file of [...filesUnder(join(root, 'src')).sort(), ...single.map((name) => join(root, name))]) {
    const bytes = readFileSync(file);
    hash.update(`${relative(root, file)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

export function isBuilt() {
  if (!existsSync(stampFile) || built.some((file) => !existsSync(join(root, file)))) return false;
  return readFileSync(stampFile, 'utf8') === hashInputs();
}

export function ensureBuild() {
  if (isBuilt()) return;
  say('building dist/: npm run build');
  const run = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (run.status !== 0) fail('the build failed');
}
