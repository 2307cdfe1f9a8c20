import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { errorCodes } from '../../../src/kernel/index.js';

const page = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
/** Rows of the tables: code, meaning, what to do. */
const rows = [...page.matchAll(/^\| `([A-Z][A-Z_]*)` \| ([^|]+) \| ([^|]+) \|$/gm)];

test('docs/errors.md has each code of the catalogue once, and no other', () => {
  assert.deepEqual(rows.map((row) => row[1]).sort(), Object.keys(errorCodes).sort());
});

test('docs/errors.md gives the meanings of the catalogue', () => {
  for (const [, code, meaning] of rows) assert.equal(meaning, (errorCodes as Record<string, string>)[code ?? '']);
});
