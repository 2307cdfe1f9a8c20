import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { background, until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { neverBack, pause, publish, pushFile, record, times } from '../support/streams.js';

/** A network of its own, behind a cable that can be pulled. */
const place = `srs-${process.pid}`;
const [near, far] = [`${place}-n`, `${place}-f`];
/** Four addresses of the range for tests of networks (RFC 2544). */
const [net, first] = [`198.18.${randomInt(256)}`, randomInt(64) * 4];
const [here, there] = [`${net}.${first + 1}`, `${net}.${first + 2}`];
/** It comes with `ss`. */
const ip = (...args: string[]): boolean => spawnSync('ip', args).status === 0;
const inside = (...args: string[]): string[] => ['netns', 'exec', place, ...args];

/** Takes a right that not every machine gives. */
const mayLay = [
  ['netns', 'add', place],
  ['link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', place],
  ['addr', 'add', `${here}/30`, 'dev', near],
  ['link', 'set', near, 'up'],
  inside('ip', 'addr', 'add', `${there}/30`, 'dev', far),
  inside('ip', 'link', 'set', far, 'up'),
].every((args) => ip(...args));
afterAll(() => {
  ip('link', 'del', near);
  ip('netns', 'del', place);
});

/** Sockets of processes here that lead there; those that only the kernel still has do not count. */
const held = (): number => {
  const address = Buffer.from(there.split('.').map(Number)).reverse().toString('hex').toUpperCase();
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return rows.map((row) => row.trim().split(/\s+/)).filter((row) => row[2]?.startsWith(address) && row[9] !== '0')
    .length;
};

withPeers('ffmpeg', 'ss')('encoders whose network is gone, without a FIN', () => {
  test.skipIf(!mayLay)(
    'a republish from elsewhere is live in < 2 s (R1); the dead are closed after their timeout',
    async () => {
      const srs = await startSrs({
        config: `listen PORT; pid DIR/srs.pid; srs_log_tank console;
        vhost __defaultVhost__ { publish { normal_timeout 6000; } }`,
      });
      const file = await clip();
      const player = await record(srs.url('live', 'again'));
      for (const stream of ['again', 'alone']) {
        const url = `rtmp://${here}:${srs.port}/live/${stream}`;
        background('ip', inside('ffmpeg', '-v', 'error', '-re', '-i', file, '-c', 'copy', '-f', 'flv', url));
      }
      await player.until('frames', () => times(player.media(), 'video').length > 25);
      await until('both publish', () => srs.log().includes('live/alone","style"'));
      expect(held()).toBe(2);
      expect(ip(...inside('ip', 'link', 'set', far, 'down'))).toBe(true);
      await pause(500);
      const before = player.messages.length;
      pushFile(file, srs.url('live', 'again'));
      await player.until('frames of the second', (m) => times(m.slice(before), 'video').length > 2, 5000);
      expect(neverBack(times(player.media(), 'video'))).toBe(true);
      expect(srs.log()).not.toContain('within 6000 ms'); // it did not wait for that
      await until('none of them has a socket any more', () => held() === 0, 20_000);
      expect(srs.log()).toMatch(new RegExp(`"peer":"${there}:\\d+".*did not send a message within 6000 ms`));
      (await publish(srs.url('live', 'alone'))).close();
    },
  );
});
