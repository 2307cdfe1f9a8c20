import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { advances, openBrowser } from '../support/browser.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { pushFile } from '../support/streams.js';

const root = join(import.meta.dirname, '../..');

/** An operator's own page, as docs/http-flv.md has it. */
withPeers('ffmpeg', 'chromium')('a page with mpegts.js', () => {
  for (const [scheme, what, options] of [
    ['ws', 'sound and pictures', {}],
    ['http', 'sound and pictures', {}],
    ['ws', 'a camera without sound', { audio: 'none' }],
    ['http', 'a camera without sound', { audio: 'none' }],
    ['ws', 'a radio', { video: 'none' }],
    ['http', 'a radio', { video: 'none' }],
  ] as const)
    test(`the example of the documentation plays ${what} over ${scheme}://`, { timeout: 90_000 }, async () => {
      const html = await mkdtemp(join(tmpdir(), 'srs-own-page-'));
      onTestFinished(() => rm(html, { recursive: true, force: true }));
      const [, example = ''] = /```html\n(.*?)```/s.exec(await readFile(join(root, 'docs/http-flv.md'), 'utf8')) ?? [];
      await writeFile(join(html, 'index.html'), example.replace('ws://', `${scheme}://`));
      await copyFile(join(root, 'node_modules/mpegts.js/dist/mpegts.js'), join(html, 'mpegts.js'));
      const sample = await readFile(join(root, 'conf/http-flv.conf'), 'utf8');
      const config = sample
        .replace('listen 1935;', 'listen PORT;')
        .replace('listen 8080;', 'listen HTTP_PORT;')
        .replace('dir ./objs/nginx/html;', `dir ${html};`)
        .replace('./objs/', 'DIR/');
      const srs = await startSrs({ config });
      pushFile(await clip(options), srs.url('live', 'livestream'));
      await until('it is live', () => srs.log().includes('publish started'));

      const browser = await openBrowser();
      onTestFinished(() => browser.close());
      await browser.page.goto(`http://127.0.0.1:${srs.ports.HTTP_PORT}/`);
      await advances(browser.page, 2);
      expect(browser.complaints).toEqual([]);
    });
});
