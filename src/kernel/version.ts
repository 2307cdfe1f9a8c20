import { createRequire } from 'node:module';

/** Set by scripts/build.mjs; absent when the sources run unbundled (vitest, tsx). */
declare const __SRS_VERSION__: string | undefined;

/** The version of this program, from package.json. */
export const version: string =
  typeof __SRS_VERSION__ === 'string' ? __SRS_VERSION__ : createRequire(import.meta.url)('../../package.json').version;
