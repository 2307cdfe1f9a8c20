// @ts-check
/**
 * `npm run bench [-- options]`: ours, nginx with its rtmp module, node-media-server and the bare C writer, side by side
 * in one run. Prints ratios; with --write-docs also writes docs/performance.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cache, describeMachine, fileLimit, takeLock } from './machine.mjs';
import * as measure from './measure.mjs';
import { apiCost } from './measure-api.mjs';
import { hlsRequests, muxing } from './measure-http.mjs';
import { endAll } from './processes.mjs';
import { summarise } from './profile.mjs';
import { printReport, writeDocs } from './report.mjs';
import { missing, NMS_VERSION } from './servers.mjs';
import { compileTools, makeClips } from './tools.mjs';

const ALL_PARTS = ['start', 'fanout', 'delivery', 'latency', 'join', 'publishers', 'forward', 'hls', 'api', 'micro'];
const ALL_SERVERS = ['limit', 'srs', 'nginx', 'nms'];
/** Files that the server and the sink need besides one per player. */
const RESERVE = 200;
/** A server that saturated is not tried with more players. */
const SATURATED = 90;

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: ALL_PARTS.join(',') },
    players: { type: 'string' },
    servers: { type: 'string', default: ALL_SERVERS.join(',') },
    'write-docs': { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (given.help) {
  console.log(`npm run bench -- [--quick] [--only ${ALL_PARTS.join(',')}] [--players 300,900,…]
  [--servers ${ALL_SERVERS.join(',')}] [--write-docs] [--profile]

--quick    shorter windows and fewer rows, for a first look (about 4 minutes; the full run takes about 25)
--profile  only our fan-out at 1800 players and 200 publishers, each with a CPU profile and where the time went`);
  process.exit(0);
}

const holder = takeLock();
if (holder !== undefined) {
  console.error(`another benchmark runs already (process ${holder}); two at a time would measure each other`);
  process.exit(1);
}

const parts = given.only.split(',');
const counts = (given.players ?? (given.quick ? '300,1800' : '300,900,1800,5000,10000')).split(',').map(Number);
const timing = given.quick ? { warm: 2, window: 5 } : { warm: 6, window: 20 };

/** @type {import('./report.mjs').Results} */
const results = { machine: describeMachine(NMS_VERSION), quick: given.quick, timing, kbps: 0, rows: [], notes: [] };

/** @param {string} text */
const note = (text) => {
  results.notes.push(text);
  console.log(`  ${text}`);
};

/** One row; a failure is a word in the report and does not end the run. @param {string} part @param {string} server @param {string} variant @param {number} count @param {() => Promise<any>} run */
async function row(part, server, variant, count, run) {
  process.stdout.write(`${part} ${count} ${server}${variant ? ` (${variant})` : ''} … `);
  try {
    const measured = await run();
    results.rows.push({ part, server, variant, count, ...measured });
    console.log(brief(measured));
    return measured;
  } catch (error) {
    console.log('failed');
    note(
      `${part}, ${count}, ${server}${variant ? ` (${variant})` : ''}: ${error instanceof Error ? error.message : error}`,
    );
    return undefined;
  } finally {
    await endAll();
  }
}

/** @param {any} m */
function brief(m) {
  if (m.lag !== undefined) return `event loop late: p99 ${m.lag.p99.toFixed(1)} ms, longest ${m.lag.max.toFixed(1)} ms`;
  if (m.rps !== undefined)
    return `${m.rps.toFixed(0)} requests a second, ${m.mbps.toFixed(0)} Mbps, ${m.cpu.toFixed(1)} % CPU`;
  if (m.cpu !== undefined && m.kbps_min === undefined) return `${m.cpu.toFixed(2)} % CPU`;
  if (m.cpu !== undefined)
    return `${m.cpu.toFixed(1)} % CPU, ${m.rss.toFixed(0)} MB, ${m.kbps_min} … ${m.kbps_max} kbps, sink ${m.sink_cpu} %`;
  const times = m.video ?? m.join;
  if (times !== undefined) return `p50 ${times.p50} ms, p99 ${times.p99} ms`;
  return m.ms === undefined ? 'done' : `${m.ms.toFixed(0)} ms`;
}

const servers = given.servers.split(',').filter((name) => {
  const why = missing(name);
  if (why !== undefined) note(`${name} skipped: ${why}.`);
  return why === undefined;
});
const real = servers.filter((name) => name !== 'limit');
const ours = servers.includes('srs');
const WINDOW = 350;
const DELIVERY_PLAYERS = 1800;
const MUXED = 5;
const API_PLAYERS = 2000;
const FORWARDED = 300;
/** As nginx-rtmp and node-media-server leave it. */
const NAGLE = 'tcp_nodelay off';

async function fanout() {
  const { kbps } = results;
  const limit = fileLimit() - RESERVE;
  /** @type {Set<string>} */
  const saturated = new Set();
  for (const count of counts) {
    if (count > limit) {
      note(`${count} players skipped: this machine allows ${fileLimit()} open files per process.`);
      continue;
    }
    for (const name of servers) {
      if (saturated.has(name)) {
        note(`${name} with ${count} players skipped: it was saturated with fewer.`);
        continue;
      }
      const variant = name === 'srs' || name === 'limit' ? { window: WINDOW, kbps } : {};
      const m = await row('fanout', name, '', count, () => measure.fanout(name, variant, count, timing));
      if (m?.cpu > SATURATED || (m === undefined && count > 300)) saturated.add(name);
    }
    if (ours && (count === 1800 || count === 10000))
      await row('fanout', 'srs', 'default window', count, () => measure.fanout('srs', {}, count, timing));
    if (ours && count === 300)
      await row('fanout', 'srs', `window 0, ${NAGLE}`, count, () =>
        measure.fanout('srs', { window: 0, nagle: true }, count, timing),
      );
    if (!ours || count !== 1800) continue;
    const longer = given.quick ? timing : { ...timing, warm: 20 };
    await row('fanout', 'srs', '200 stalled', count, () =>
      measure.fanout('srs', { window: WINDOW }, count, longer, { stalled: 200 }),
    );
  }
}

/** The same stream to as many players, by what they speak. */
async function delivery() {
  const count = DELIVERY_PLAYERS;
  if (count > fileLimit() - RESERVE) return note(`${count} players skipped: too few open files per process.`);
  const speak = { rtmp: 'RTMP', flv: 'HTTP-FLV', ws: 'WS-FLV', ts: 'HTTP-TS' };
  for (const name of real.filter((one) => one !== 'nginx'))
    for (const [via, variant] of /** @type {['rtmp' | 'flv' | 'ws' | 'ts', string][]} */ (Object.entries(speak))) {
      if (via === 'ts' && name !== 'srs') continue; // the others do not have it
      const how = name === 'srs' ? { window: WINDOW, http: true } : {};
      await row('delivery', name, variant, count, () => measure.fanout(name, how, count, timing, { via }));
    }
}

async function api() {
  for (const asking of [false, true])
    await row('api', 'srs', asking ? 'with requests' : 'without', API_PLAYERS, () =>
      apiCost(API_PLAYERS, asking, timing),
    );
}

async function hls() {
  const window = given.quick ? { warm: 1, window: 4 } : { warm: 2, window: 10 };
  const isHere = spawnSync('wrk', ['-v']).error === undefined;
  if (!isHere) note('HLS requests skipped: wrk is not installed (Debian: apt-get install wrk).');
  for (const file of /** @type {('playlist' | 'segment')[]} */ (isHere ? ['playlist', 'segment'] : []))
    for (const name of /** @type {('srs' | 'nginx')[]} */ (['srs', 'nginx'].filter((one) => servers.includes(one))))
      await row('hls', name, file, 0, () => hlsRequests(name, file, window));
  if (!ours) return;
  // V8 compiles what runs a few hundred times a second within half a minute.
  const muxed = muxing(MUXED, given.quick ? 1 : 3, given.quick ? timing : { warm: 25, window: 30 });
  await row('muxing', 'srs', 'without', MUXED, async () => (await muxed).without);
  await row('muxing', 'srs', 'with HLS', MUXED, async () => (await muxed).with);
}

async function publishers() {
  /** @type {[publishers: number, viewers: number][]} */
  const loads = given.quick
    ? [[200, 20]]
    : [
        [200, 20],
        [500, 500],
      ];
  for (const [count, viewers] of loads)
    for (const name of real)
      await row('publishers', name, `${viewers} viewers`, count, () =>
        measure.publishers(name, count, viewers, timing),
      );
}

/** What a destination costs, beside what a player costs. */
async function forward() {
  if (!ours) return;
  await row('forward', 'srs', 'players', FORWARDED, () => measure.fanout('srs', {}, FORWARDED, timing));
  await row('forward', 'srs', 'destinations', FORWARDED, () => measure.forwards(FORWARDED, timing));
}

async function perServer() {
  for (const name of parts.includes('start') ? real : []) await row('start', name, '', 0, () => measure.start(name, 5));
  for (const name of parts.includes('join') ? real : [])
    await row('join', name, '', 1, () => measure.join(name, given.quick ? 6 : 20));
  const window = given.quick ? { warm: 2, window: 8 } : { warm: 2, window: 40 };
  if (!parts.includes('latency')) return;
  for (const name of real) await row('latency', name, '', 100, () => measure.latency(name, {}, 100, window));
  if (ours) await row('latency', 'srs', NAGLE, 100, () => measure.latency('srs', { nagle: true }, 100, window));
}

async function micro() {
  await row('micro', 'srs', '', 0, async () => ({ micro: await measure.micro() }));
}

async function profile() {
  const folder = join(cache, 'profiles');
  mkdirSync(folder, { recursive: true });
  const variant = { window: WINDOW, profile: folder };
  await row('fanout', 'srs', 'profiled', 1800, () => measure.fanout('srs', variant, 1800, timing));
  console.log(summarise(folder));
  await row('publishers', 'srs', 'profiled', 200, () =>
    measure.publishers('srs', 200, 20, timing, { profile: folder }),
  );
  console.log(summarise(folder));
}

const began = performance.now();
compileTools();
makeClips();
results.kbps = measure.clipKbps();
if (given.profile) await profile();
else {
  await perServer();
  if (parts.includes('fanout')) await fanout();
  if (parts.includes('delivery')) await delivery();
  if (parts.includes('publishers')) await publishers();
  if (parts.includes('forward')) await forward();
  if (parts.includes('hls')) await hls();
  if (parts.includes('api') && ours) await api();
  if (parts.includes('micro') && ours) await micro();
  results.minutes = (performance.now() - began) / 60_000;
  writeFileSync(join(cache, 'results.json'), JSON.stringify(results, undefined, 2));
  printReport(results);
  if (given['write-docs']) writeDocs(results);
}
await endAll();
