import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sweep } from '../../../src/deliver/own-files.js';

const gone = { process: '1 1 no-such-boot', host: hostname() };

test.each([
  ['no process', JSON.stringify({ host: hostname() })],
  ['null', 'null'],
  ['paths that are none', `${JSON.stringify(gone)}\n+5\n+null\n-{}\n+["a"]`],
])('a record with other things in it than this server writes ends nothing: %s', async (_, text) => {
  const dir = mkdtempSync(join(tmpdir(), 'srs-own-files-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, '.srs-own-1-0a0a0a0a'), text);
  await expect(sweep(dir)).resolves.toBe(0);
});
