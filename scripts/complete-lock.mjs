// @ts-check
/**
 * `node scripts/complete-lock.mjs [--check]`, to be run after `npm install` has changed package-lock.json.
 *
 * npm leaves a binary for another platform out of the lock file when the registry at hand does not offer it; then
 * `npm ci` refuses the lock file ("Missing: … from lock file"), everywhere. This adds such packages: version from the
 * package that wants them, platform from their name, without a checksum. Wherever the registry is complete, `npm install`
 * fills that in. `--check` changes nothing and fails when something is missing, or when an address is in the file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, root, say } from './lib/setup.mjs';

const file = join(root, 'package-lock.json');
const text = readFileSync(file, 'utf8');
const lock = JSON.parse(text);

/**
 * @param {string} name such as `@scope/binding-linux-arm64-musl`
 * @returns {{ os: string[], cpu: string[], libc?: string[] } | undefined}
 */
function platformOf(name) {
  const os = /(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)/.exec(name)?.[1];
  const cpu = /-(arm64|arm|ia32|loong64|mips64el|ppc64|riscv64|s390x|x64)\b/.exec(name)?.[1];
  if (os === undefined || cpu === undefined) return undefined;
  const libc = os === 'linux' && cpu !== 'arm' ? { libc: [name.includes('musl') ? 'musl' : 'glibc'] } : {};
  return { cpu: [cpu], ...libc, os: [os] };
}

/** @param {string} from path of a package in the lock file @param {string} name what it wants */
function isLocked(from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (lock.packages[`${at}${at ? '/' : ''}node_modules/${name}`]) return true;
    if (at === '') return false;
  }
}

/** @type {string[]} */
const added = [];
for (const [path, wanting] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(wanting.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue;
    const platform = platformOf(name);
    if (platform === undefined || !/^\d/.test(version)) fail(`${name}@${version}, wanted by ${path}: cannot be added`);
    const { license } = wanting;
    const dev = wanting.dev ? { dev: true } : {};
    const { cpu, libc, os } = platform;
    lock.packages[`node_modules/${name}`] = {
      ...{ version, cpu, ...dev, ...(libc ? { libc } : {}), ...(license ? { license } : {}) },
      ...{ optional: true, os, ...(wanting.engines ? { engines: wanting.engines } : {}) },
    };
    added.push(`${name}@${version}`);
  }
}

if (process.argv.includes('--check')) {
  if (added.length > 0) fail(`package-lock.json lacks ${added.join(', ')}: run node scripts/complete-lock.mjs`);
  if (/"resolved": *"http/.test(text)) fail('package-lock.json holds addresses of a registry');
} else if (added.length > 0) {
  const byPath = (/** @type {[string, unknown]} */ [a], /** @type {[string, unknown]} */ [b]) => (a < b ? -1 : 1);
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(byPath));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  say(`added to package-lock.json: ${added.join(', ')}`);
}
