// @ts-check
/** `npm run build`: the program, the client library with its types, and the web page, from src/ into dist/. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildConsole } from './lib/build-console.mjs';
import { checkNode, ensureDependencies, fail, hashInputs, root, say, stampFile } from './lib/setup.mjs';

checkNode();
ensureDependencies();
for (const entry of ['src/main/srs.ts', 'src/client.ts'])
  if (!existsSync(join(root, entry))) fail(`${entry} does not exist, so there is nothing to build from.`);

const { build } = await import('esbuild');
const started = performance.now();
const inputs = hashInputs();
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
rmSync(join(root, 'dist'), { recursive: true, force: true });

// Some packages inside the bundles are CommonJS and call `require` for Node's own modules.
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  define: { __SRS_VERSION__: JSON.stringify(version) },
  logLevel: 'warning',
};
try {
  await Promise.all([
    build({
      ...common,
      entryPoints: ['src/main/srs.ts'],
      outdir: 'dist',
      outExtension: { '.js': '.mjs' },
      // What `import()` asks for is in files of its own, loaded when it is needed.
      splitting: true,
      chunkNames: 'srs-[name]-[hash]',
      banner: { js: `#!/usr/bin/env node\n${requireBanner}` },
    }),
    build({ ...common, entryPoints: ['src/client.ts'], outfile: 'dist/client.mjs', banner: { js: requireBanner } }),
    buildConsole(),
  ]);
} catch {
  fail('a bundler stopped; the reason is above.'); // it has printed its messages itself
}
chmodSync(join(root, 'dist/srs.mjs'), 0o755);

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const types = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], { cwd: root, stdio: 'inherit' });
if (types.status !== 0) fail('the type declarations of the client library could not be made.');

writeFileSync(stampFile, inputs);
say(`built srs ${version} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
