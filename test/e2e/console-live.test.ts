import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, beforeAll, beforeEach, test } from 'vitest';
import { advances, type Browser, openBrowser } from '../support/browser.js';
import { makeCertificate } from '../support/certificate.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pushFile } from '../support/streams.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server {
  enabled on; listen HTTP_PORT; console on; dir DIR/html;
  https { enabled on; listen HTTPS_PORT; key DIR/tls.key; cert DIR/tls.crt; }
}
http_api { enabled on; listen 127.0.0.1:API_PORT; }
vhost __defaultVhost__ {
  publish { grace 1; }
  http_remux { enabled on; }
  hls { enabled on; hls_fragment 2; hls_window 20; }
}
`;

/** The page as it is served, with a stream as an encoder pushes it. */
withPeers(
  'ffmpeg',
  'chromium',
  'openssl',
)('the page of the server itself', () => {
  let dir: string;
  let srs: Srs;
  let browser: Browser;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'srs-page-'));
    await makeCertificate(join(dir, 'tls'));
    srs = await startSrs({ config, dir });
    pushFile(await clip(), srs.url('live', 'livestream'));
    browser = await openBrowser({ ignoreHTTPSErrors: true });
    await until('HLS has begun', async () => (await fetch(`${origin('http')}/live/livestream.m3u8`)).ok, 30_000);
  });
  afterAll(async () => {
    await browser?.close();
    if (dir) rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await browser.page.emulateMedia({ colorScheme: 'light' });
    await browser.page.setViewportSize({ width: 1280, height: 900 });
  });

  const origin = (scheme: 'http' | 'https') => `${scheme}://127.0.0.1:${srs.ports[`${scheme.toUpperCase()}_PORT`]}`;
  /** Players as the server sees them: id → protocol. */
  const players = async (): Promise<Map<string, string>> => {
    const answer = await fetch(`http://127.0.0.1:${srs.ports.API_PORT}/api/v1/clients?count=100`);
    const { clients } = (await answer.json()) as { clients: Array<{ id: string; protocol: string; type: string }> };
    return new Map(clients.filter(({ type }) => type === 'Play').map(({ id, protocol }) => [id, protocol]));
  };
  const newPlayer = (protocol: string, before: ReadonlyMap<string, string>) =>
    until(
      `a player comes by ${protocol}`,
      async () => [...(await players())].some(([id, by]) => by === protocol && !before.has(id)),
      20_000,
    );

  test.each([
    ['HTTP-FLV', 'http', 'flv'],
    ['WS-FLV', 'http', 'ws-flv'],
    ['HLS', 'http', 'hls'],
    ['HTTP-FLV', 'https', 'flv'],
    ['WS-FLV', 'https', 'ws-flv'],
    ['HLS', 'https', 'hls'],
  ] as const)('%s over %s plays', async (label, scheme, protocol) => {
    const before = await players();
    // Requests of one player of HLS are one session, so that may be there already.
    const playlist = browser.page.waitForRequest(`${origin(scheme)}/live/livestream.m3u8`, { timeout: 20_000 });
    playlist.catch(() => undefined);
    await browser.page.goto(origin(scheme));
    await browser.page.getByText(label, { exact: true }).first().click();
    await (protocol === 'hls' ? playlist : newPlayer(protocol, before));
    await advances(browser.page, 2);
    for (const [number, text] of [
      ['latency', /^\d+\.\d s$/],
      ['dropped', /^\d+$/],
      ['size', /^640 × 360$/],
    ] as const)
      await browser.page.locator(`[data-number=${number}]`).filter({ hasText: text }).waitFor();
    await browser.page.goto('about:blank');
  });

  test('on a phone, in the dark, by keyboard: it plays', async () => {
    await browser.page.setViewportSize({ width: 390, height: 844 });
    await browser.page.emulateMedia({ colorScheme: 'dark' });
    await browser.page.goto(origin('https'));
    await advances(browser.page, 1);
    const [width, room, color] = (await browser.page.evaluate(
      '[document.documentElement.scrollWidth, innerWidth, getComputedStyle(document.body).backgroundColor]',
    )) as [number, number, string];
    assert.equal(width, room);
    assert.equal(color, 'rgb(17, 20, 24)');
    const before = await players();
    await browser.page.getByRole('radio', { name: 'HTTP-FLV' }).focus();
    await browser.page.keyboard.press('ArrowRight');
    await newPlayer('ws-flv', before);
    await advances(browser.page, 1);
  });

  test('the list tells codecs and size', async () => {
    await browser.page.goto(origin('http'));
    await browser.page.getByText('H.264 360p · AAC').waitFor();
    await browser.page.goto('about:blank');
  });

  test('HLS: an encoder that comes back after its stream has ended is seen again', { timeout: 90_000 }, async () => {
    const file = await clip({ seconds: 30 });
    const source = pushFile(file, srs.url('live', 'back'));
    await until('HLS has begun', async () => (await fetch(`${origin('http')}/live/back.m3u8`)).ok, 30_000);
    await browser.page.goto(origin('http'));
    await browser.page.getByRole('button', { name: /live\/back/ }).click();
    await browser.page.getByText('HLS', { exact: true }).first().click();
    await advances(browser.page, 1);
    await source.stop();
    await browser.page.getByText('the stream has ended').waitFor({ timeout: 30_000 });
    pushFile(file, srs.url('live', 'back'));
    const clock = () => browser.page.evaluate(`document.querySelector('video').ended`);
    await until('it is not at its end any more', async () => (await clock()) === false, 30_000);
    await advances(browser.page, 4);
    await browser.page.goto('about:blank');
  });

  test('asked no other host, kept its security policy, threw nothing', () => {
    assert.deepEqual(browser.complaints, []);
  });
});
