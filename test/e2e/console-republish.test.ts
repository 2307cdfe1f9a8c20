import { afterAll, assert, beforeAll, test } from 'vitest';
import { advances, type Browser, openBrowser } from '../support/browser.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pushFile } from '../support/streams.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; console on; dir DIR/html; }
vhost __defaultVhost__ {
  publish { grace 10; }
  http_remux { enabled on; }
}
`;

/** A browser's decoder of one codec takes no other one: the media error comes with every append from then on. */
withPeers('ffmpeg', 'chromium')('the page, when the codec of a stream changes', () => {
  let srs: Srs;
  let browser: Browser;

  beforeAll(async () => {
    srs = await startSrs({ config });
    browser = await openBrowser();
  });
  afterAll(async () => await browser?.close());

  test.each(['HTTP-FLV', 'WS-FLV'] as const)('%s plays on', { timeout: 120_000 }, async (protocol) => {
    const { page } = browser;
    const aac = await clip();
    const mp3 = await clip({ audio: 'mp3' });
    const push = (file: string) => pushFile(file, srs.url('live', protocol));
    let source = push(aac);
    await page.goto(`http://127.0.0.1:${srs.ports.HTTP_PORT}`);
    await page.getByRole('button', { name: `live/${protocol}` }).click();
    await page.getByRole('radio', { name: protocol }).check();
    await advances(page, 1);
    const trouble = page.getByText('trying again');
    for (const next of [mp3, aac]) {
      await source.stop();
      source = push(next);
      await trouble.waitFor({ timeout: 15_000 });
      await trouble.waitFor({ state: 'detached', timeout: 8000 });
      await advances(page, 1);
    }
    await source.stop();
    await page.goto('about:blank');
  });

  test('nothing was thrown', () => {
    assert.deepEqual(browser.complaints, []);
  });
});
