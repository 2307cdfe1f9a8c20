// @ts-check
/**
 * `npm start [-- options of srs]`: installs and builds what is missing, then becomes the server. The program is
 * loaded into this very process, so signals, exit code and the pid in the pid file are the server's own.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkNode, ensureBuild, ensureDependencies, isBuilt, root } from './lib/setup.mjs';

checkNode();
if (!isBuilt()) ensureDependencies(); // the bundle carries its packages with it
ensureBuild();

const given = process.argv.slice(2);
const hasConf = given.some((arg) => /^(-c|--conf)/.test(arg));
const program = join(root, 'dist/srs.mjs');
process.argv = [process.execPath, program, ...(hasConf ? [] : ['-c', 'conf/srs.conf']), ...given];

// Ctrl-C under npm comes twice, from the terminal and from npm, and a second one means "at once": drop the echo.
if (process.env.npm_lifecycle_event !== undefined) {
  const emit = process.emit;
  let last = Number.NEGATIVE_INFINITY;
  process.emit = /** @type {typeof emit} */ (
    (/** @type {string} */ event, /** @type {unknown[]} */ ...args) => {
      if (event === 'SIGINT' || event === 'SIGTERM') {
        const now = performance.now();
        if (now - last < 300) return true;
        last = now;
      }
      return Reflect.apply(emit, process, [event, ...args]);
    }
  );
}

await import(pathToFileURL(program).href);
