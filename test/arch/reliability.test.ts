import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('docs/reliability.md names tests that are there', () => {
  const text = readFileSync('docs/reliability.md', 'utf8');
  const named = [...text.matchAll(/`((?:unit|golden|e2e|fault|fuzz)\/[\w/-]+)`/g)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !existsSync(`test/${name}.test.ts`))).toEqual([]);
});
