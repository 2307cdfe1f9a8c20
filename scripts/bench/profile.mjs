// @ts-check
/** Where the time went, from a V8 CPU profile: the functions with the most samples of their own. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const TOP = 25;

/** Reads the newest profile in the folder and removes them all. @param {string} folder */
export function summarise(folder) {
  const name = readdirSync(folder)
    .filter((file) => file.endsWith('.cpuprofile'))
    .sort()
    .at(-1);
  if (name === undefined) return 'no profile was written';
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  /** @type {Map<number, string>} */
  const labels = new Map();
  for (const { id, callFrame } of nodes)
    labels.set(
      id,
      `${callFrame.functionName || '(anonymous)'} ${callFrame.url.split('/').at(-1)}:${callFrame.lineNumber + 1}`,
    );
  /** @type {Map<string, number>} */
  const self = new Map();
  let busy = 0;
  samples.forEach((/** @type {number} */ id, /** @type {number} */ i) => {
    const label = labels.get(id) ?? '';
    if (label.startsWith('(idle)')) return;
    busy += timeDeltas[i];
    self.set(label, (self.get(label) ?? 0) + timeDeltas[i]);
  });
  for (const file of readdirSync(folder)) rmSync(join(folder, file));
  const top = [...self].sort((a, b) => b[1] - a[1]).slice(0, TOP);
  return top.map(([label, us]) => `${((us / busy) * 100).toFixed(1).padStart(6)} %  ${label}`).join('\n');
}
