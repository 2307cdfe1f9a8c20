import { afterAll, assert, beforeAll, beforeEach, test } from 'vitest';
import { advances, type Browser, openBrowser } from '../support/browser.js';
import { type ConsoleHost, hostConsole } from '../support/console-host.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { until } from '../support/run.js';

const livestream = {
  vhost: '__defaultVhost__',
  app: 'live',
  stream: 'livestream',
  since: new Date(Date.now() - 65_000).toISOString(),
  viewers: 3,
  video: { codec: 'avc', width: 640, height: 360 },
  audio: { codec: 'aac' },
};

/** The page on a host that says what the test wants it to; on the server itself: console-live.test.ts. */
withPeers('ffmpeg', 'chromium')('the page', () => {
  let host: ConsoleHost;
  let browser: Browser;

  beforeAll(async () => {
    host = await hostConsole(await clip());
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await host?.close();
  });
  beforeEach(async () => {
    await browser.page.emulateMedia({ colorScheme: 'light' });
    await browser.page.setViewportSize({ width: 1280, height: 900 });
  });

  const open = async (...streams: unknown[]) => {
    host.streams = streams;
    host.asked.length = 0;
    await browser.page.goto(host.origin);
  };

  test('players are loaded when they are needed, and no sooner', async () => {
    await open();
    await browser.page.getByText('Nothing is live').waitFor();
    assert.isEmpty(host.asked.filter((path) => path.includes('engine')));
  });

  test('with nothing live it says how to push, and plays what comes', async () => {
    await open();
    await browser.page.getByText('rtmp://127.0.0.1/live', { exact: true }).waitFor();
    host.streams = [livestream];
    await advances(browser.page, 1);
  });

  test('names of streams are text, whatever is in them', async () => {
    const name = '<img src=x onerror=alert(1)>';
    await open({ ...livestream, stream: name, vhost: 'a.example' });
    await browser.page.locator('nav .name', { hasText: `live/${name}` }).waitFor();
    const want = `/live/${encodeURIComponent(name)}.flv?vhost=a.example`;
    await until(`${want} is asked for`, () => host.asked.includes(want));
    assert.equal(await browser.page.locator('img').count(), 0);
  });

  test('the keyboard chooses a stream and a protocol', async () => {
    await open(livestream, { ...livestream, stream: 'second' });
    const second = browser.page.getByRole('button', { name: /live\/second/ });
    await second.focus();
    await browser.page.keyboard.press('Enter');
    await until('it is chosen', async () => (await second.getAttribute('aria-pressed')) === 'true');
    await browser.page.getByRole('radio', { name: 'HTTP-FLV' }).focus();
    await browser.page.keyboard.press('ArrowRight');
    await until('the second stream by WebSocket', () => host.asked.includes('ws:/live/second.flv'));
  });

  test('says why HLS shows less than the encoder sends, or nothing', async () => {
    await open({ ...livestream, hls: { leftOut: [{ codec: 'av1', reason: 'not a codec of HLS segments' }] } });
    assert.equal(await browser.page.getByText('HLS is without').count(), 0);
    await browser.page.getByRole('radio', { name: 'HLS' }).check();
    await browser.page.getByText('HLS is without av1: not a codec of HLS segments.').waitFor();
    await open(livestream);
    await browser.page.getByRole('radio', { name: 'HLS' }).check();
    await browser.page.getByText('There is no HLS of this stream.').waitFor();
  });

  test('copies an address', async () => {
    await open(livestream);
    await browser.page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: host.origin });
    await browser.page.getByRole('button', { name: 'Copy HLS' }).click();
    await browser.page.getByText('Copied').waitFor();
    const copied = await browser.page.evaluate('navigator.clipboard.readText()');
    assert.equal(copied, `${host.origin}/live/livestream.m3u8`);
  });

  test('fits a phone', async () => {
    await browser.page.setViewportSize({ width: 360, height: 740 });
    await open({ ...livestream, stream: 'a-rather-long-name-without-a-place-to-break-it'.repeat(2) });
    await browser.page.locator('video').waitFor();
    const [width, room] = (await browser.page.evaluate(
      '[document.documentElement.scrollWidth, innerWidth]',
    )) as number[];
    assert.equal(width, room);
  });

  test('is dark where the reader wants that', async () => {
    const background = () => browser.page.evaluate('getComputedStyle(document.body).backgroundColor');
    await open();
    assert.equal(await background(), 'rgb(246, 247, 249)');
    await browser.page.emulateMedia({ colorScheme: 'dark' });
    assert.equal(await background(), 'rgb(17, 20, 24)');
  });

  test('asked no other host, kept its security policy, threw nothing', () => {
    assert.deepEqual(browser.complaints, []);
  });
});
