import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { decodeComplaints } from '../support/decode.js';
import { freePort } from '../support/free-port.js';
import { confOf } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { startNginxRtmp } from '../support/nginx.js';
import { withPeers } from '../support/peers.js';
import { rss } from '../support/rss.js';
import { startDoor } from '../support/rtmp-door.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { pause, publish, pushFile, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const dir = mkdtempSync(join(tmpdir(), 'srs-forward-fault-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** User and system time of a process in ms. */
function cpu(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const SECONDS = 34;

describe('destinations that are no good (R15)', () => {
  test('50 dead, one that refuses, one that reads nothing: the stream, its players and the good one notice nothing', {
    timeout: 120_000,
  }, async () => {
    const slave = await startSrs();
    const [gone, refusing, deaf] = [
      await startDoor('hangs up'),
      await startDoor('refuses'),
      await startDoor('reads nothing'),
    ];
    const closed = await freePort();
    const dead = Array.from({ length: 50 }, (_, i) =>
      i % 3 === 0
        ? `127.0.0.1:${closed}/a/${i}`
        : i % 3 === 1
          ? `127.0.0.1:${gone.port}/a/${i}`
          : `no-such-${i}.invalid/a/b`,
    );
    const master = await startSrs({
      config: confOf(`queue_length 2; forward { enabled on;
        destination 127.0.0.1:${slave.port} rtmp://127.0.0.1:${refusing.port}/a/key-1 127.0.0.1:${deaf.port};
        destination ${dead.map((to) => `rtmp://${to}`).join(' ')}; }`),
    });
    const source = await publish(master.url('live', 'x'));
    let memory = 0;
    let busy = 0;
    const measured = (async () => {
      await pause(15_000);
      memory = rss(master.pid);
      busy = cpu(master.pid);
    })();
    const players = [await record(master.url('live', 'x')), await record(slave.url('live', 'x'))];
    const start = performance.now();
    // 8 Mbps: a few seconds of it are more than the kernel takes for a peer that does not read.
    await feed(source, { frames: SECONDS * 25, bytes: 40_000, pace: 40 });
    await measured;
    const took = performance.now() - start;

    for (const player of players) {
      await player.until('the last frame', () => times(player.media(), 'video').at(-1) === (SECONDS * 25 - 1) * 40);
      const seen = times(player.media(), 'video');
      expect(seen.every((t, i) => i === 0 || t - (seen[i - 1] ?? 0) === 40)).toBe(true);
    }
    // 17 destinations at 0, 1, 3, 7, 15, 31 s, give or take a quarter.
    const inTime = gone.connects.filter((at) => at - start < took).length / 17;
    expect(inTime).toBeGreaterThan(4);
    expect(inTime).toBeLessThan(8);
    expect(refusing.connects.length).toBeLessThan(8);
    expect(master.log()).toMatch(/the server refused: not you, \*\*\*"[^\n]*forward failed/);
    expect(master.log()).toMatch(/ECONNREFUSED[^\n]*forward failed/);
    expect(master.log()).toMatch(/(ENOTFOUND|EAI_AGAIN)[^\n]*forward failed/);
    // One line each for the failures 1, 2, 4 of fifty-one, not for each attempt.
    expect(master.log().match(/forward failed/g)?.length).toBeLessThan(51 * 4);

    expect(master.log()).toContain('forward: the destination is too slow');
    await until('what reads nothing is given up, and tried again', () => deaf.connects.length > 1, 20_000);
    expect(master.log()).toMatch(/took no data for 30 s[^\n]*forward failed/);

    expect(rss(master.pid) - memory).toBeLessThan(32);
    expect((cpu(master.pid) - busy) / (took - 15_000)).toBeLessThan(0.3);
    expect((await master.stop()).code).toBe(0);
  });

  test('a name that moves to another address is found there', async () => {
    const slave = await startSrs({ config: confOf('').replace('listen PORT', 'listen 127.0.0.1:PORT') });
    const old = await startDoor('hangs up', '127.0.0.2', slave.port);
    const names = join(dir, 'names');
    writeFileSync(names, 'slave.test 127.0.0.2\n');
    const master = await startSrs({
      config: confOf(`forward slave.test:${slave.port};`),
      env: {
        NODE_OPTIONS: `--import=${join(import.meta.dirname, '../support/names-from-file.mjs')}`,
        NAMES_FILE: names,
      },
    });
    feed(await publish(master.url('live', 'x')), { frames: 10_000, pace: 40 }).catch(() => undefined);
    await until('the old address is tried', () => old.connects.length >= 2);
    writeFileSync(names, 'slave.test 127.0.0.1\n');
    await until('the new one has the stream', () => slave.log().includes('publish started'));
    await until('the log has it', () => master.log().includes(`"peer":"127.0.0.1:${slave.port}"`));
  });
});

withPeers('ffmpeg', 'nginx-rtmp')('a destination that restarts (R15)', () => {
  test('nginx killed and started again: it plays from a key frame, without a decode error', async () => {
    const first = await startNginxRtmp();
    const master = await startSrs({ config: confOf(`forward 127.0.0.1:${first.port};`) });
    pushFile(await clip(), master.url('live', 'x'));
    await until('it is live', () => master.log().includes('forward is live'));
    const player = await record(master.url('live', 'x'));
    await player.until('frames', () => times(player.media(), 'video').length > 50);
    await first.process.stop(0);
    await until('the loss is noticed', () => /(closed|ECONNRE)[^\n]*forward failed/.test(master.log()));
    const second = await startNginxRtmp('live', first.port);
    await until('it is live again', () => master.log().split('forward is live').length === 3, 20_000);
    expect(await decodeComplaints(second.url('x'), 3)).toEqual([]);
    expect(player.closed()).toBe(false);
  });
});
