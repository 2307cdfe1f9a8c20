import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import * as HlsParser from 'hls-parser';
import { expect, onTestFinished, test } from 'vitest';
import { openBrowser } from '../support/browser.js';
import { decodeComplaints } from '../support/decode.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pushFile } from '../support/streams.js';

const config = (hls: string, more = '') => `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
inotify_auto_reload off;
http_server { enabled on; listen HTTP_PORT; dir DIR; }
http_api { enabled on; listen 127.0.0.1:API_PORT; }
vhost __defaultVhost__ { hls { enabled on; hls_fragment 2; hls_window 20; ${hls} } ${more} }
`;
const at = (srs: Srs, path: string): string => `http://127.0.0.1:${srs.ports.HTTP_PORT}${path}`;
const text = async (url: string): Promise<string> => (await fetch(url)).text();

interface State {
  readonly time: number;
  readonly width: number;
  readonly errors: string[];
}

/** A page with hls.js in Chromium plays for some seconds. @returns what its player has to complain about. */
async function watch(url: string, seconds: number): Promise<string[]> {
  const hlsJs = await readFile(createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js'));
  const page = `<!doctype html><video muted autoplay></video><script src="hls.js"></script><script>
    window.errors = []; const hls = new Hls(); const video = document.querySelector('video');
    hls.on(Hls.Events.ERROR, (_, e) => { if (e.fatal || e.type === 'mediaError') window.errors.push(e.details); });
    hls.loadSource(${JSON.stringify(url)}); hls.attachMedia(video);
  </script>`;
  const server = createServer((request, reply) => void reply.end(request.url === '/hls.js' ? hlsJs : page));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const browser = await openBrowser();
  try {
    await browser.page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const state = (): Promise<State> =>
      browser.page.evaluate(`(() => { const { currentTime, videoWidth, error } = document.querySelector('video');
        return { time: currentTime, width: videoWidth, errors: error ? [...errors, error.message] : errors }; })()`);
    const first = await until(
      'it plays',
      async () => {
        const now = await state();
        return now.errors.length > 0 || (now.time > 0 && now.width > 0) ? now : undefined;
      },
      40_000,
    );
    await until(
      'time goes on',
      async () => {
        const now = await state();
        return now.errors.length > 0 || now.time > first.time + seconds;
      },
      40_000,
    );
    return [...(await state()).errors, ...browser.complaints.filter((line) => !line.startsWith('request'))];
  } finally {
    await browser.close();
    server.close();
  }
}

withPeers('ffmpeg', 'chromium')('players', () => {
  test('AES-128: ffmpeg and hls.js play it with keys that change, in memory and in files; without access no keys', {
    timeout: 120_000,
  }, async () => {
    const srs = await startSrs({
      config: config('hls_keys on; hls_fragments_per_key 2; hls_path DIR/files;', 'sign { secret s3; play off; }'),
    });
    pushFile(await clip({ seconds: 12, bFrames: 2 }), srs.url('live', 's'));
    const url = at(srs, '/live/s.m3u8');
    const list = await until(
      'three segments',
      async () => {
        const reply = await fetch(url);
        if (reply.status !== 200) return undefined;
        const body = await reply.text();
        return body.split('#EXTINF').length > 3 ? body : undefined;
      },
      40_000,
    );
    const { segments } = HlsParser.parse(list) as HlsParser.types.MediaPlaylist;
    expect(new Set(segments.map(({ key }) => key?.uri)).size).toBeGreaterThan(1);
    const keyUrl = new URL(segments[0]?.key?.uri ?? '', url).href;
    const key = await fetch(keyUrl);
    expect([key.status, key.headers.get('cache-control'), (await key.arrayBuffer()).byteLength]).toEqual([
      200,
      'no-store',
      16,
    ]);
    const [live, files, browser] = await Promise.all([
      decodeComplaints(url, 6),
      decodeComplaints(`${srs.dir}/files/live/s.m3u8`, 4, { input: ['-allowed_extensions', 'ALL'] }),
      watch(url, 5),
    ]);
    expect({ live, files, browser }).toEqual({ live: [], files: [], browser: [] });
    // From now on players need signed URLs, for keys as well.
    const before = await readFile(srs.configFile, 'utf8');
    await writeFile(srs.configFile, before.replace('play off', 'play on'));
    srs.signal('SIGHUP');
    await until('the reload is done', () => srs.log().includes('configuration reloaded'));
    const refused = await fetch(`${keyUrl}?another=player`);
    expect(refused.status).toBe(403);
  });

  test('hls_ctx: each player has a mark of its own and is counted once, also when it asks again', {
    timeout: 120_000,
  }, async () => {
    const srs = await startSrs({ config: config('hls_ctx on;', 'play { max_viewers 3; }') });
    pushFile(await clip({ seconds: 12 }), srs.url('live', 's'));
    const url = at(srs, '/live/s.m3u8?token=t');
    const master = await until(
      'there is a playlist',
      async () => {
        const reply = await fetch(url);
        return reply.status === 200 ? reply.text() : undefined;
      },
      40_000,
    );
    const variant = (body: string): string =>
      (HlsParser.parse(body) as HlsParser.types.MasterPlaylist).variants[0]?.uri ?? '';
    expect(variant(master)).toMatch(/^s\.m3u8\?token=t&hls_ctx=[0-9a-f]{16}$/);
    // Nobody has come back with it, so it is given again.
    expect(variant(await text(url))).toBe(variant(master));
    const played = await text(new URL(variant(master), url).href);
    const { segments } = HlsParser.parse(played) as HlsParser.types.MediaPlaylist;
    expect(new URL(segments[0]?.uri ?? '', url).search).toBe(new URL(variant(master), url).search);
    expect((await fetch(new URL(segments[0]?.uri ?? '', url).href)).status).toBe(200);
    // The next one behind the same address and agent is another player.
    const second = variant(await text(url));
    expect(second).not.toBe(variant(master));
    // Both go on, however long the third takes to begin: who asks for nothing is forgotten after a while.
    const goOn = async () =>
      void (await Promise.all([variant(master), second].map((uri) => text(new URL(uri, url).href))));
    await goOn();
    const going = setInterval(() => void goOn().catch(() => undefined), 5000);
    onTestFinished(() => clearInterval(going));
    const clients = async () => {
      const reply = await fetch(`http://127.0.0.1:${srs.ports.API_PORT}/api/v1/clients`);
      return ((await reply.json()) as { clients: Array<{ publish: boolean; type: string }> }).clients.filter(
        ({ type }) => type.includes('Play'),
      );
    };
    expect(await clients()).toHaveLength(2);
    expect(await watch(url, 3)).toEqual([]);
    expect(await clients()).toHaveLength(3);
    // There is room for no fourth one.
    expect((await fetch(url, { headers: { 'user-agent': 'fourth' } })).status).toBe(403);
  });
});
