import { afterAll, assert, beforeAll, test } from 'vitest';
import { advances, type Browser, openBrowser } from '../support/browser.js';
import { probe } from '../support/ffprobe.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pushFile } from '../support/streams.js';

const config = (vhosts: string) => `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; console on; dir DIR/html; }
${vhosts}
`;
const hls = 'enabled on; hls_fragment 1;';

/** The page shows what this server has where, whatever its configuration. */
withPeers('ffmpeg', 'chromium')('addresses on the page', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => await browser?.close());

  /** Opens the page of a server with a stream. @param name of its vhost. @returns the server and the lines, by label. */
  async function open(vhosts: string, name?: string): Promise<{ srs: Srs; lines: ReadonlyMap<string, string> }> {
    const srs = await startSrs({ config: config(vhosts) });
    const query = name === undefined ? '' : `?vhost=${name}`;
    pushFile(await clip(), srs.url('live', `livestream${query}`));
    const { page } = browser;
    await page.goto(`http://127.0.0.1:${srs.ports.HTTP_PORT}`);
    await page.getByRole('heading', { name: 'live/livestream' }).waitFor();
    const lines = await page.evaluate(
      `[...document.querySelectorAll('[aria-label^=Addresses] .copyable')].map((line) =>
        ['.label', 'code'].map((part) => line.querySelector(part).textContent))`,
    );
    return { srs, lines: new Map(lines as [string, string][]) };
  }

  const protocols = () =>
    browser.page.getByRole('radio').evaluateAll((all) => all.map((one) => one.getAttribute('value')));

  async function plays(address = ''): Promise<void> {
    assert.includeMembers((await probe(address, 1)).streams, ['video:h264', 'audio:aac'], address);
  }

  test('HLS only: nothing else is offered, and it plays', async () => {
    const { srs, lines } = await open(`vhost __defaultVhost__ { hls { ${hls} } }`);
    assert.deepEqual(await protocols(), ['hls']);
    assert.deepEqual([...lines.keys()], ['RTMP', 'HLS', 'VLC', 'ffplay', 'ffmpeg']);
    await advances(browser.page, 1);
    const rtmp = srs.url('live', 'livestream');
    assert.equal(lines.get('RTMP'), rtmp);
    assert.equal(lines.get('VLC'), `vlc ${rtmp}`);
    assert.equal(lines.get('ffplay'), `ffplay -fflags nobuffer ${rtmp}`);
    assert.equal(lines.get('ffmpeg'), `ffmpeg -i ${rtmp} -c copy recording.flv`);
    for (const label of ['RTMP', 'HLS']) await plays(lines.get(label));
  });

  test.each([undefined, 'a.example'])('mounts and playlists elsewhere, vhost %s: each plays', async (name) => {
    const { srs, lines } = await open(
      `vhost ${name ?? '__defaultVhost__'} {
         http_remux { enabled on; mount [vhost]/[app]/[stream]/live.flv; }
         hls { ${hls} hls_m3u8_file [app]/[stream]/index.m3u8; hls_ts_file [app]/[stream]/[seq].ts; }
       }
       ${name === undefined ? '' : 'vhost __defaultVhost__ { }'}`,
      name,
    );
    const at = `127.0.0.1:${srs.ports.HTTP_PORT}/live/livestream`;
    const query = name === undefined ? '' : `?vhost=${name}`;
    assert.deepEqual(await protocols(), ['http-flv', 'ws-flv', 'hls']);
    assert.equal(lines.get('HTTP-FLV'), `http://${at}/live.flv${query}`);
    assert.equal(lines.get('WS-FLV'), `ws://${at}/live.flv${query}`);
    assert.equal(lines.get('HLS'), `http://${at}/index.m3u8${query}`);
    await until('HLS has begun', async () => (await fetch(lines.get('HLS') ?? '')).status === 200, 20_000);
    for (const label of ['HTTP-FLV', 'WS-FLV', 'HLS']) {
      await browser.page.getByRole('radio', { name: label }).check();
      await advances(browser.page, 1);
    }
    for (const label of ['RTMP', 'HTTP-FLV', 'HLS']) await plays(lines.get(label));
  });

  test('with nothing live, the port for encoders is that of the server', async () => {
    const srs = await startSrs({ config: config('vhost __defaultVhost__ { }') });
    await browser.page.goto(`http://127.0.0.1:${srs.ports.HTTP_PORT}`);
    await browser.page.getByText(`rtmp://127.0.0.1:${srs.port}/live`, { exact: true }).waitFor();
    await browser.page.goto('about:blank');
  });

  test('asked no other host, kept its security policy, threw nothing', () => {
    assert.deepEqual(browser.complaints, []);
  });
});
