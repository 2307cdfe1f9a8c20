import { expect, test } from 'vitest';
import type { MediaMessage } from '../../src/link/index.js';
import { openBrowser } from '../support/browser.js';
import { fetchPlaylist, send } from '../support/hls.js';
import { hlsJsPage, hlsJsState } from '../support/hls-js.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { flvMessages, isConfig, publish } from '../support/streams.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; dir DIR; }
vhost __defaultVhost__ { hls { enabled on; hls_fragment 1; hls_window 10; } }
`;
/** The stream is so old, in ms, when the player comes. */
const AGE = 60_000;
/** Restarts further apart have numbers of their own, ms. */
const APART = 30_000;
/** So many ms after the restart the player shows pictures again, at the latest. */
const PATIENCE = 40_000;

/** Publishes in real time, but for the first `ahead` ms, which come at once. */
async function push(url: string, messages: readonly MediaMessage[], ahead = 0): Promise<() => void> {
  const client = await publish(url);
  const begun = performance.now() - ahead;
  let sent = 0;
  const go = async (): Promise<void> => {
    const due = messages.findIndex(({ timestamp }) => timestamp > performance.now() - begun);
    const from = sent;
    sent = due < 0 ? messages.length : due;
    await send(client, messages.slice(from, sent));
  };
  await go();
  const timer = setInterval(() => void go(), 40);
  return () => {
    clearInterval(timer);
    client.close();
  };
}

withPeers('ffmpeg', 'chromium')('the server is restarted', () => {
  test('hls.js goes on when the encoder is back, however long the stream had run before', {
    timeout: 150_000,
  }, async () => {
    const once = (await flvMessages(await clip({ seconds: 30, size: '320x180', gop: 25 }))).filter(
      ({ kind }) => kind !== 'data',
    );
    const media = once.filter((message) => !isConfig(message));
    const messages = [...once];
    for (const turn of [1, 2, 3, 4])
      for (const message of media) messages.push({ ...message, timestamp: message.timestamp + turn * 30_000 });

    const before = await startSrs({ config });
    const list = `http://127.0.0.1:${before.ports.HTTP_PORT}/live/s.m3u8`;
    const begun = Date.now();
    const stop = await push(before.url('live', 's'), messages, AGE);
    await until('a playlist', async () => (await fetchPlaylist(list)) !== undefined);
    const page = await hlsJsPage(list);
    const { page: tab, close } = await openBrowser();
    try {
      await tab.goto(page.url);
      await until('pictures', async () => (await hlsJsState(tab)).frames > 50, 30_000);
      await until('it has run for a while', () => Date.now() - begun > APART, APART + 1000);
      const was = await fetchPlaylist(list);
      stop();
      await before.stop();
      const after = await startSrs({ config, ports: before.ports });
      const again = await push(after.url('live', 's'), messages);
      const is = await until('a playlist again', () => fetchPlaylist(list));
      expect(is.segments[0]?.discontinuity).toBe(true);
      expect(is.discontinuities).toBeGreaterThanOrEqual(was?.discontinuities ?? 0);
      const { frames } = await hlsJsState(tab);
      // More than what it still had.
      await until('pictures again', async () => (await hlsJsState(tab)).frames > frames + 200, PATIENCE);
      expect((await hlsJsState(tab)).errors).toEqual([]);
      again();
      await after.stop();
    } finally {
      await close();
      page.close();
    }
  });
});
