import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const src = join(import.meta.dirname, '../../src');

/** The fields that are written out where a line is logged, and those that are put together before. */
const FIELDS = /(?:\blog\w*(?:\(\))?\.(?:info|warn|error|debug|child)\(|\bfields = )\s*\{(.*?)\}[,);\s]/gs;
/** Other names for `why`, `err` and `peer`, as the name of a field. */
const FORBIDDEN = /(?:^|[{,])\s*(error|reason|cause|ip|address|proxy|remote)\s*(?=[:,}]|$)/;

test('a cause is `why`, an exception `err`, the other side `peer`, in every line of the log', () => {
  const found: string[] = [];
  const forbidden: string[] = [];
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')))
    for (const [line, fields = ''] of readFileSync(join(src, file), 'utf8').matchAll(FIELDS)) {
      found.push(line);
      if (FORBIDDEN.test(fields)) forbidden.push(`${file}: ${line}`);
    }
  expect(found.length).toBeGreaterThan(60);
  expect(forbidden).toEqual([]);
});
