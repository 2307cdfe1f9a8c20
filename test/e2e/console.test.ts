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
  flv: '/live/livestream.flv',
  hls: { playlist: '/live/livestream.m3u8', leftOut: [] },
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
    host.rtmpPort = 1935;
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

  test('a port of RTMP that is not 1935 is named, also where nothing is live; without one nothing is said', async () => {
    const { page } = browser;
    await open();
    host.rtmpPort = 21935;
    await page.getByText('rtmp://127.0.0.1:21935/live', { exact: true }).waitFor();
    host.streams = [livestream];
    for (const line of ['', 'vlc ', 'ffmpeg -i '])
      await page
        .locator('code', { hasText: `${line}rtmp://127.0.0.1:21935/live/livestream` })
        .first()
        .waitFor();
    host.rtmpPort = null;
    await page.getByText(`vlc ${host.origin}/live/livestream.flv`, { exact: true }).waitFor();
    assert.equal(await page.getByText('rtmp://').count(), 0);
  });

  test('a protocol that a reload takes away is left for one that is there', async () => {
    const { page } = browser;
    await open(livestream);
    await page.getByRole('radio', { name: 'WS-FLV' }).check();
    await until('WS-FLV', () => host.asked.includes('ws:/live/livestream.flv'));
    host.streams = [{ ...livestream, flv: null }];
    await until('HLS', () => host.asked.includes('/live/livestream.m3u8'));
    assert.isTrue(await page.getByRole('radio', { name: 'HLS' }).isChecked());
    assert.equal(await page.getByRole('radio').count(), 1);
    host.streams = [{ ...livestream, flv: null, hls: undefined }];
    await page.getByText('The server has this stream for players of RTMP only.').waitFor();
    assert.equal(await page.getByRole('group', { name: 'Protocol' }).count(), 0);
    assert.equal(await page.getByText('trying again').count(), 0);
  });

  test('names of streams are text, whatever is in them', async () => {
    const name = '<img src=x onerror=alert(1)>';
    await open({ ...livestream, stream: name, vhost: 'a.example', flv: `/live/${name}.flv` });
    await browser.page.locator('nav .name', { hasText: `live/${name}` }).waitFor();
    const want = `/live/${encodeURIComponent(name)}.flv?vhost=a.example`;
    await until(`${want} is asked for`, () => host.asked.includes(want));
    assert.equal(await browser.page.locator('img').count(), 0);
  });

  test('the keyboard chooses a stream and a protocol', async () => {
    await open(livestream, { ...livestream, stream: 'second', flv: '/live/second.flv' });
    const second = browser.page.getByRole('button', { name: /live\/second/ });
    await second.focus();
    await browser.page.keyboard.press('Enter');
    await until('it is chosen', async () => (await second.getAttribute('aria-pressed')) === 'true');
    await browser.page.getByRole('radio', { name: 'HTTP-FLV' }).focus();
    await browser.page.keyboard.press('ArrowRight');
    await until('the second stream by WebSocket', () => host.asked.includes('ws:/live/second.flv'));
  });

  test('says why HLS shows less than the encoder sends', async () => {
    const leftOut = [{ codec: 'av1', reason: 'not a codec of HLS segments' }];
    await open({ ...livestream, hls: { ...livestream.hls, leftOut } });
    assert.equal(await browser.page.getByText('HLS is without').count(), 0);
    await browser.page.getByRole('radio', { name: 'HLS' }).check();
    await browser.page.getByText('HLS is without av1: not a codec of HLS segments.').waitFor();
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
