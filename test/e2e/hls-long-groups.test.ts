import type { BrowserContext } from 'playwright-core';
import { expect, test } from 'vitest';
import { openBrowser } from '../support/browser.js';
import { hlsJsPage, hlsJsState } from '../support/hls-js.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { PlaylistWatch } from '../support/playlist-watch.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { pause, pushFile } from '../support/streams.js';

const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; dir DIR; }
vhost __defaultVhost__ { hls { enabled on; hls_fragment 1; hls_window 5; } }
`;

/** The shape of OBS that is left to itself: the first segment sets the target, and the groups behind it are three times as long. */
const clipOfObs = () => clip({ seconds: 60, size: '320x180', gop: 80, keyAt: 1.04 });
/** Joins go through all moments of groups and segments. */
const JOINS = 10;
const BETWEEN = 1100;
/** Each plays for so long. */
const SECONDS = 4;

/** hls.js opens the playlist in a tab of its own. @returns what is wrong with it after some seconds. */
async function join(context: BrowserContext, page: string): Promise<string[]> {
  const tab = await context.newPage();
  const state = () => hlsJsState(tab);
  try {
    await tab.goto(page);
    const first = await until(
      'a picture, or an error',
      async () => {
        const now = await state();
        return now.errors.length > 0 || (now.time > 0 && now.frames > 0) ? now : undefined;
      },
      20_000,
    );
    await until(
      `${SECONDS} s are played, or an error`,
      async () => {
        const { time, frames, errors } = await state();
        return errors.length > 0 || (time > first.time + SECONDS && frames > first.frames + 15 * SECONDS);
      },
      20_000,
    );
    return (await state()).errors;
  } catch (error) {
    return [String(error), JSON.stringify(await state())];
  } finally {
    await tab.close();
  }
}

withPeers('ffmpeg', 'chromium')('groups of pictures that are longer than the target duration', () => {
  test(`hls.js plays whenever it joins, ${JOINS} times; the playlist keeps to its target`, {
    timeout: 120_000,
  }, async () => {
    const srs = await startSrs({ config });
    pushFile(await clipOfObs(), srs.url('live', 's'));
    const url = `http://127.0.0.1:${srs.ports.HTTP_PORT}/live/s.m3u8`;
    const list = async (): Promise<string> => (await fetch(url)).text();
    await until('segments without a key frame', async () => (await list()).includes('EXT-X-START'), 30_000);
    expect(await list()).toContain('#EXT-X-TARGETDURATION:1\n');
    const watch = new PlaylistWatch(url);
    let isOver = false;
    const watching = watch.run(() => isOver);

    const page = await hlsJsPage(url);
    const browser = await openBrowser();
    try {
      const joins: Promise<string[]>[] = [];
      for (let i = 0; i < JOINS; i++) {
        joins.push(join(browser.page.context(), page.url));
        await pause(BETWEEN);
      }
      expect(await Promise.all(joins)).toEqual(joins.map(() => []));
    } finally {
      isOver = true;
      await watching;
      await browser.close();
      page.close();
    }
    expect(watch.faults).toEqual([]);
  });
});
