// @ts-check
/** npm runs this after `npm ci`, before `npm pack` and for `npm i -g .`: afterwards dist/ is there and fits src/. */
import { checkNode, ensureBuild, ensureDependencies, isBuilt } from './lib/setup.mjs';

// Our own `npm ci` is running: whoever called it builds next.
if (process.env.SRS_PREPARING !== '1') {
  checkNode();
  if (!isBuilt()) {
    ensureDependencies();
    ensureBuild();
  }
}
