import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { steps } from '../../../src/session/phases.js';

/** The table of phases.ts as a diagram; its first phase is where a connection starts. */
function diagram(): string {
  const lines = ['stateDiagram-v2', `    [*] --> ${Object.keys(steps)[0]}`];
  for (const [from, row] of Object.entries(steps))
    for (const [step, to] of Object.entries(row)) lines.push(`    ${from} --> ${to}: ${step}`);
  return `\`\`\`mermaid\n${lines.join('\n')}\n\`\`\``;
}

test('docs/architecture.md shows the states of a session as src/session/phases.ts has them', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/architecture.md'), 'utf8');
  const block = /```mermaid\nstateDiagram.*?```/s.exec(page)?.[0];
  assert.equal(block, diagram());
});
