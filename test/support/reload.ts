import { readFileSync, writeFileSync } from 'node:fs';
import { until } from './run.js';
import type { Srs } from './srs.js';

/** Changes the configuration file of a running server. */
export const rewrite = (srs: Srs, change: (text: string) => string): void =>
  writeFileSync(srs.configFile, change(readFileSync(srs.configFile, 'utf8')));

/** SIGHUP. @returns what the server logged from there to the answer. */
export async function signalled(srs: Srs): Promise<string> {
  const before = srs.log().length;
  srs.signal('SIGHUP');
  const answer = () => srs.log().slice(before);
  await until('the reload is answered', () => /"(configuration reloaded[^"]*|reload failed[^"]*)"/.test(answer()));
  return answer();
}

/** Rewrites the file, signals, and waits for the answer in the log. */
export async function reload(srs: Srs, change: (text: string) => string): Promise<string> {
  rewrite(srs, change);
  return signalled(srs);
}
