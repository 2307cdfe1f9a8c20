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
await import(pathToFileURL(program).href);
