import { dumpConfig, dumpSettings, loadConfig, printSummary, type Summary, summarize } from '../config/index.js';
import { SrsError, SystemError } from '../kernel/index.js';
import { idleIngests, missingPrograms, unusableCertificates } from './check-files.js';
import { enterWorkDir } from './own-process.js';

/** `srs -t`: what the file would run. @returns the exit code. @throws {SrsError} unless `json` is to hold it. */
export async function test(file: string, json: boolean): Promise<number> {
  if (json) return testJson(file);
  const summary = await check(file);
  for (const warning of summary.warnings) console.error(`warning: ${warning}`);
  console.log(`${file}: the configuration is valid\n${printSummary(summary)}`);
  return 0;
}

async function testJson(file: string): Promise<number> {
  try {
    print({ file, valid: true, ...(await check(file)) });
    return 0;
  } catch (error) {
    if (!(error instanceof SrsError)) throw error;
    print({ file, valid: false, code: error.code, errors: error.message.split('\n') });
    return 1;
  }
}

/** All that could end a start before it takes a port. @throws {SrsError} */
async function check(file: string): Promise<Summary> {
  const loaded = loadConfig(file);
  enterWorkDir(loaded.config.workDir);
  const errors = await unusableCertificates(loaded);
  if (errors.length > 0) throw new SystemError('TLS_CERTIFICATE', errors.join('\n'), { file, errors });
  return summarize({
    ...loaded,
    warnings: [...loaded.warnings, ...missingPrograms(loaded), ...(await idleIngests(loaded))],
  });
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
