import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from './run.js';
import { type Srs, type SrsOptions, startSrs } from './srs.js';

const preload = `
const { readFileSync } = require('node:fs');
const now = performance.now.bind(performance);
let ahead = 0;
performance.now = () => now() + ahead;
process.on('SIGUSR2', () => {
  ahead += Number(readFileSync(__dirname + '/ms', 'utf8'));
  console.error('AHEAD ' + ahead);
});
`;

/** A server whose monotonic clock can be put ahead, for limits that a test cannot wait for. Timers run as ever. */
export async function startAhead(options: SrsOptions): Promise<Srs & { ahead(ms: number): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'srs-ahead-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'ahead.cjs'), preload);
  const srs = await startSrs({
    ...options,
    env: { ...options.env, NODE_OPTIONS: `--require ${join(dir, 'ahead.cjs')}` },
  });
  const steps = () => srs.log().split('AHEAD ').length;
  return {
    ...srs,
    async ahead(ms) {
      const before = steps();
      await writeFile(join(dir, 'ms'), `${ms}`);
      srs.signal('SIGUSR2');
      await until('the clock is put ahead', () => steps() > before);
    },
  };
}
