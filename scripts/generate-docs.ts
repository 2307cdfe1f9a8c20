/** `npx tsx scripts/generate-docs.ts [--check]`: docs/config.md and conf/full.conf from the directive tables. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configMarkdown, fullConf } from '../src/config/docs.js';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

for (const [file, text] of [
  ['docs/config.md', configMarkdown()],
  ['conf/full.conf', fullConf()],
] as const) {
  const path = join(root, file);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  if (check) {
    console.error(`${file} is not what the tables say: run npx tsx scripts/generate-docs.ts`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, text);
    console.log(`wrote ${file}`);
  }
}
