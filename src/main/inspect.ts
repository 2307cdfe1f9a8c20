import { dumpConfig, dumpSettings, loadConfig, printSummary, summarize } from '../config/index.js';
import { ConfigError } from '../kernel/index.js';

/** `srs -t`: what the file would run. @returns the exit code. @throws {ConfigError} unless `json` is to hold it. */
export function test(file: string, json: boolean): number {
  if (json) return testJson(file);
  const summary = summarize(loadConfig(file));
  for (const warning of summary.warnings) console.error(`warning: ${warning}`);
  console.log(`${file}: the configuration is valid\n${printSummary(summary)}`);
  return 0;
}

function testJson(file: string): number {
  try {
    print({ file, valid: true, ...summarize(loadConfig(file)) });
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    print({ file, valid: false, code: error.code, errors: error.message.split('\n') });
    return 1;
  }
}

/** `srs config dump`: every setting with its origin. @returns the exit code. @throws {ConfigError} */
export function dump(file: string, { json, mask }: { readonly json: boolean; readonly mask: boolean }): number {
  const loaded = loadConfig(file);
  if (json) print({ file, settings: dumpSettings(loaded, { mask }), warnings: loaded.warnings });
  else {
    for (const warning of loaded.warnings) console.error(`warning: ${warning}`);
    console.log(dumpConfig(loaded, { mask }).trimEnd());
  }
  return 0;
}

const print = (value: unknown): void => console.log(JSON.stringify(value, undefined, 2));
