import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBrowser } from '../support/browser.js';
import { send } from '../support/hls.js';
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
vhost __defaultVhost__ { hls { enabled on; hls_fragment 1; hls_window 60; } }
`;
const page = readFileSync(join(import.meta.dirname, '../../docs/hls.md'), 'utf8');
const section = page.slice(page.indexOf('## Pictures that pause'));
const remedy = /^```js\n(.*?)^```/ms.exec(section)?.[1] ?? '';

/** There are no pictures in this part of the stream, ms. */
const [FROM, UNTIL] = [14_000, 21_000];

withPeers('ffmpeg', 'chromium')('pictures pause while the sound goes on', () => {
  test('hls.js with the remedy of docs/hls.md plays again as soon as there are pictures', {
    timeout: 120_000,
  }, async () => {
    const messages = (await flvMessages(await clip({ seconds: 60, size: '320x180', gop: 25 }))).filter(
      (message) =>
        message.kind === 'audio' ||
        (message.kind === 'video' && (isConfig(message) || message.timestamp < FROM || message.timestamp >= UNTIL)),
    );
    const srs = await startSrs({ config });
    const client = await publish(srs.url('live', 's'));
    const begun = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      const due = messages.findIndex(({ timestamp }) => timestamp > performance.now() - begun);
      const from = sent;
      sent = due < 0 ? messages.length : due;
      void send(client, messages.slice(from, sent));
    }, 40);
    const list = `http://127.0.0.1:${srs.ports.HTTP_PORT}/live/s.m3u8`;
    await until('a playlist', async () => (await fetch(list)).ok, 20_000);
    const player = await hlsJsPage(list, remedy);
    const { page: tab, close } = await openBrowser();
    try {
      await tab.goto(player.url);
      await until('pictures', async () => (await hlsJsState(tab)).frames > 25, 30_000);
      await until('what is behind the pause', async () => (await hlsJsState(tab)).time > UNTIL / 1000 + 2, 60_000);
      const { frames } = await hlsJsState(tab);
      await until('more of it', async () => (await hlsJsState(tab)).frames > frames + 25, 20_000);
      expect((await hlsJsState(tab)).errors).toEqual([]);
    } finally {
      clearInterval(timer);
      client.close();
      await close();
      player.close();
    }
  });
});
