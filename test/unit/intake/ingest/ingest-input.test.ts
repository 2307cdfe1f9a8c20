import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, assert, describe, test } from 'vitest';
import type { EngineConfig } from '../../../../src/config/index.js';
import { checkFile } from '../../../../src/intake/ingest/ingest-input.js';

const dir = mkdtempSync(join(tmpdir(), 'srs-ingest-input-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const fault = (url: string, type: 'file' | 'stream' = 'file', iformat = 'off'): Promise<string | undefined> =>
  checkFile({ type, url }, { iformat } as EngineConfig).then(
    () => undefined,
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'PROGRAM');
      return error.message.replaceAll(dir, 'DIR');
    },
  );

describe('a file is looked for before ffmpeg is started', () => {
  test('what is there is fine', async () => {
    writeFileSync(join(dir, 'a.flv'), '');
    assert.isUndefined(await fault(join(dir, 'a.flv')));
    assert.isUndefined(await fault(relative(process.cwd(), join(dir, 'a.flv'))));
  });

  test('what is not is told with its whole path, since ./ depends on the working directory', async () => {
    assert.equal(await fault(`${dir}/no.flv`), 'cannot ingest DIR/no.flv: no such file');
    assert.equal(await fault(`${dir}/a.flv/x`), 'cannot ingest DIR/a.flv/x: a part of its path is not a directory');
    assert.equal(await fault(dir), 'cannot ingest DIR: it is a directory');
    const here = join(process.cwd(), 'no.flv');
    assert.equal(await fault('./no.flv'), `cannot ingest ./no.flv (${here}): no such file`);
  });

  test('what may be something else than a file is left to ffmpeg', async () => {
    for (const url of ['http://h/a.mp4', 'concat:a|b', 'subfile,,start,0,end,0,,:a', 'img%03d.png'])
      assert.isUndefined(await fault(url), url);
    assert.isUndefined(await fault('testsrc2', 'file', 'lavfi'));
    assert.isUndefined(await fault('nothing', 'stream'));
  });
});
