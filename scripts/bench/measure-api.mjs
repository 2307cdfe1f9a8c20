// @ts-check
/** What requests to the API cost the players: how late the event loop is, with requests and without. */
import { alone, players, publishing, watchUsage } from './measure.mjs';

/** Ten of these a second, one after another: more than dashboards, scrapers and balancers ask together. */
const PATHS = [
  '/api/v1/streams',
  '/api/v1/clients?count=500',
  '/api/v1/summaries',
  '/api/v1/vhosts',
  '/stat',
  '/readyz',
];
const EVERY = 100;
/** Every so many requests the server is scraped, and so tells what is behind it. */
const SCRAPE = 20;
/** The server's own measurement ticks so often; that much is no delay. */
const TICK = 10;

/** @param {number} count @param {boolean} asking @param {import('./measure.mjs').Timing} timing */
export function apiCost(count, asking, timing) {
  return alone('srs', { api: true }, async (server) => {
    const publisher = await publishing(server.rtmp('s'));
    const sink = players(server.rtmp('s'), count, timing);
    await sink.said('WINDOW-START');
    const usage = watchUsage(server);
    await scrape(server);
    let over = false;
    const end = sink.said('WINDOW-END').then(() => {
      over = true;
    });
    const lag = { p99: 0, max: 0 };
    for (let asked = 1; ; asked++) {
      await Promise.race([end, new Promise((next) => setTimeout(next, EVERY))]);
      if (over) break; // the players leave now, all at once
      if (asked % SCRAPE === 0) {
        const now = await scrape(server);
        lag.p99 = Math.max(lag.p99, now.p99);
        lag.max = Math.max(lag.max, now.max);
      } else if (asking) await (await fetch(server.api(PATHS[asked % PATHS.length] ?? ''))).arrayBuffer();
    }
    const row = usage();
    await publisher.stop();
    return { ...row, ...(await sink.result()), lag };
  });
}

/** How late the event loop was since the last scrape, ms. @param {import('./servers.mjs').Server} server */
async function scrape(server) {
  const text = await (await fetch(server.api('/metrics'))).text();
  const read = (/** @type {string} */ name) => {
    const seconds = Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)`, 'm').exec(text)?.[1]);
    return Math.max(0, seconds * 1000 - TICK);
  };
  return { p99: read('p99'), max: read('max') };
}
