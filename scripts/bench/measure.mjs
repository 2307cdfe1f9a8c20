// @ts-check
/** The measurements: each starts one server alone, loads it, and returns plain numbers. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { canPin, root, serverCoreSeconds, sleep } from './machine.mjs';
import { logFile, startTool } from './processes.mjs';
import { startUnderTest } from './servers.mjs';
import { clip, tool } from './tools.mjs';

/** @typedef {import('./servers.mjs').Server} Server */
/** @typedef {import('./servers.mjs').Variant} Variant */
/** @typedef {{ warm: number, window: number }} Timing */

/** Load tools give way to the publisher and the probe, so that their clock is not the noise. */
const SINK_NICE = 5;

/** What the server uses from now until the returned function is called, and what others use of its core meanwhile. @param {Server} server */
export function watchUsage(server) {
  const from = performance.now();
  const before = server.usage();
  const core = serverCoreSeconds();
  return () => {
    const seconds = (performance.now() - from) / 1000;
    const after = server.usage();
    const used = after.cpu - before.cpu;
    const others = canPin ? Math.max(0, ((serverCoreSeconds() - core - used) / seconds) * 100) : undefined;
    return { cpu: (used / seconds) * 100, rss: after.rss, others };
  };
}

/** @param {Server} server @param {{ said(mark: string): Promise<void>, result(): Promise<any> }} sink */
async function usageOverWindow(server, sink) {
  await sink.said('WINDOW-START');
  const usage = watchUsage(server);
  await sink.said('WINDOW-END');
  return { ...usage(), ...(await sink.result()) };
}

/** @param {string} name @param {Variant} variant @param {(server: Server) => Promise<any>} measure */
export async function alone(name, variant, measure) {
  const server = await startUnderTest(name, variant);
  try {
    return { startMs: server.startMs, ...(await measure(server)) };
  } finally {
    await server.stop();
  }
}

/** @param {string} url @param {number} count */
export async function publishing(url, count = 1, rate = 100, file = clip) {
  const publisher = startTool([tool('publish'), '-u', url, '-f', file, '-c', `${count}`, '-r', `${rate}`]);
  await publisher.said('READY');
  return publisher;
}

/** @param {string} url @param {number} players @param {Timing} timing @param {string[]} more */
export function players(url, players, { warm, window }, ...more) {
  const args = ['-u', url, '-c', `${players}`, '-r', '500', '-w', `${warm}`, '-d', `${window}`, ...more];
  return startTool([tool('sink'), ...args], { nice: SINK_NICE });
}

/**
 * One stream, many players.
 * @param {string} name @param {Variant} variant @param {number} count @param {Timing} timing
 * @param {{ stalled?: number, via?: 'rtmp' | 'flv' | 'ts' | 'ws' }} [how]
 */
export function fanout(name, variant, count, timing, { stalled = 0, via = 'rtmp' } = {}) {
  return alone(name, variant, async (server) => {
    const publisher = name === 'limit' ? undefined : await publishing(server.rtmp('s'));
    await sleep(500);
    const row = await usageOverWindow(server, players(server[via]('s'), count + stalled, timing, '-s', `${stalled}`));
    await publisher?.stop();
    return { ...row, publisher: await publisher?.result() };
  });
}

/** Publish to play, with `others` players on the same stream. @param {string} name @param {Variant} variant @param {number} others @param {Timing} timing */
export function latency(name, variant, others, { warm, window }) {
  return alone(name, variant, async (server) => {
    const url = server.rtmp('s');
    const joining = 2.5;
    const args = ['latency', '-u', url, '-f', clip, '-j', `${joining}`, '-w', `${warm}`, '-d', `${window}`];
    const probe = startTool([tool('probe'), ...args]);
    await probe.said('READY');
    const watch = ['-u', url, '-c', `${others}`, '-r', `${others / 2}`, '-w', '0', '-d', `${joining + warm + window}`];
    const sink = startTool([tool('sink'), ...watch], { idle: true });
    const usage = watchUsage(server);
    const row = await probe.result();
    const { others: foreign } = usage();
    const watched = await sink.result();
    if (watched.playing < others) throw new Error(`only ${watched.playing} of ${others} other players stayed`);
    return { ...row, others: foreign };
  });
}

/** From `play` to the first whole key frame. @param {string} name @param {number} times */
export function join(name, times) {
  return alone(name, {}, async (server) => {
    const publisher = await publishing(server.rtmp('s'));
    await sleep(5000);
    const probe = startTool([tool('probe'), 'join', '-u', server.rtmp('s'), '-n', `${times}`]);
    const row = await probe.result();
    await publisher.stop();
    return row;
  });
}

/** Many streams: `count` publishers, and viewers spread over them. @param {string} name @param {number} count @param {number} viewers @param {Timing} timing @param {Variant} [variant] */
export function publishers(name, count, viewers, timing, variant = {}) {
  return alone(name, variant, async (server) => {
    const url = server.rtmp('s%d');
    const publisher = await publishing(url, count);
    const row = await usageOverWindow(server, players(url, viewers, timing, '-n', `${count}`));
    await publisher.stop();
    return { ...row, publisher: await publisher.result() };
  });
}

/** One stream, pushed to many destinations, which are streams of one other server of ours. @param {number} count @param {Timing} timing */
export async function forwards(count, { warm, window }) {
  const receiver = await startUnderTest('srs', { load: true });
  try {
    const forward = Array.from({ length: count }, (_, i) => receiver.rtmp(`f${i}`));
    return await alone('srs', { forward }, async (server) => {
      const publisher = await publishing(server.rtmp('s'));
      await sleep((warm + 2) * 1000);
      const usage = watchUsage(server);
      await sleep(window * 1000);
      const row = usage();
      const log = readFileSync(logFile('srs'), 'utf8');
      const live = log.split('forward is live').length - 1;
      if (live !== count || log.includes('forward failed')) throw new Error(`${live} of ${count} forwards were live`);
      await publisher.stop();
      return row;
    });
  } finally {
    await receiver.stop();
  }
}

/** From exec to listening, a few times. @param {string} name @param {number} times */
export async function start(name, times) {
  const ms = [];
  for (let i = 0; i < times; i++) ms.push((await alone(name, {}, async () => ({}))).startMs);
  return { ms: ms.sort((a, b) => a - b)[Math.floor(times / 2)] };
}

/** The rate of the clip as RTMP, for the C writer to send the same. */
export const clipKbps = () => Number(execFileSync(tool('publish'), ['-f', clip, '-k'], { encoding: 'utf8' }));

/** Functions of ours, without a server. @returns {Promise<{ name: string, ns: number }[]>} */
export const micro = () =>
  startTool([path.join(root, 'node_modules/.bin/tsx'), path.join(import.meta.dirname, 'micro.ts')]).result();
