// @ts-check
/** HLS: requests a second beside nginx with the same files, and what the muxing costs. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, sleep } from './machine.mjs';
import { alone, publishing, watchUsage } from './measure.mjs';
import { startText } from './processes.mjs';
import { clip2M } from './tools.mjs';

/** @typedef {import('./measure.mjs').Timing} Timing */

const CONNECTIONS = 32;
const FRAGMENT = 2;
const folder = join(cache, 'hls-files');

/** @typedef {{ playlist: { name: string, bytes: number }, segment: { name: string, bytes: number } }} Files */

/** What ours has made and nginx is to serve as well. @type {Files | undefined} */
let copied;

/**
 * One file asked for as fast as it goes: from ours with a live stream, or from nginx with copies of its files.
 * @param {'srs' | 'nginx'} name @param {keyof Files} file @param {Timing} timing
 */
export function hlsRequests(name, file, timing) {
  return alone(name, name === 'srs' ? { http: true, hls: FRAGMENT } : { files: folder }, async (server) => {
    const publisher = name === 'srs' ? await publishing(server.rtmp('s')) : undefined;
    if (name === 'srs') copied = await copyFiles(server.http('live/s.m3u8'));
    if (copied === undefined) throw new Error('nginx serves what ours has made: measure ours first');
    const row = await requests(server, server.http(`live/${copied[file].name}`), copied[file].bytes, timing);
    await publisher?.stop();
    return row;
  });
}

/** Waits for a full playlist, and keeps it with its newest segment. @param {string} url @returns {Promise<Files>} */
async function copyFiles(url) {
  for (const until = performance.now() + 30_000; performance.now() < until; await sleep(500)) {
    const reply = await fetch(url);
    const text = await reply.text();
    const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const newest = names.at(-1);
    if (reply.status !== 200 || names.length < 6 || newest === undefined) continue;
    const bytes = new Uint8Array(await (await fetch(new URL(newest, url))).arrayBuffer());
    const name = new URL(newest, url).pathname.split('/').at(-1) ?? '';
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, 'live'), { recursive: true });
    writeFileSync(join(folder, 'live/s.m3u8'), text);
    writeFileSync(join(folder, 'live', name), bytes);
    return { playlist: { name: 's.m3u8', bytes: text.length }, segment: { name, bytes: bytes.length } };
  }
  throw new Error('no playlist with six segments');
}

/** @param {import('./servers.mjs').Server} server @param {string} url @param {number} bytes @param {Timing} timing */
async function requests(server, url, bytes, { warm, window }) {
  await wrk(url, warm);
  const usage = watchUsage(server);
  const { perSecond, errors } = await wrk(url, window);
  return { ...usage(), bytes, rps: perSecond, mbps: (perSecond * bytes * 8) / 1e6, errors };
}

/** @param {string} url @param {number} seconds */
async function wrk(url, seconds) {
  const text = await startText(['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, url]);
  const [, rate] = /Requests\/sec:\s*([\d.]+)/.exec(text) ?? [];
  if (rate === undefined) throw new Error(`wrk failed: ${text}`);
  const bad = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(text);
  return { perSecond: Number(rate), errors: bad?.[0] };
}

/** `count` streams of 2 Mbps and nobody watching, with HLS or without. @param {number} count @param {boolean} hls @param {Timing} timing */
function publishersAlone(count, hls, { warm, window }) {
  return alone('srs', { http: true, ...(hls && { hls: FRAGMENT }) }, async (server) => {
    const publisher = await publishing(server.rtmp('s%d'), count, 100, clip2M);
    await sleep(warm * 1000);
    const usage = watchUsage(server);
    await sleep(window * 1000);
    const row = usage();
    await publisher.stop();
    return row;
  });
}

/**
 * What the muxing costs is the difference of two small numbers, so both are measured by turns: means over the turns.
 * @param {number} count @param {number} turns @param {Timing} timing
 */
export async function muxing(count, turns, timing) {
  const sums = { without: { cpu: 0, rss: 0 }, with: { cpu: 0, rss: 0 } };
  for (let turn = 0; turn < turns; turn++)
    for (const hls of [false, true]) {
      const { cpu, rss } = await publishersAlone(count, hls, timing);
      const sum = hls ? sums.with : sums.without;
      sum.cpu += cpu / turns;
      sum.rss += rss / turns;
    }
  return sums;
}
