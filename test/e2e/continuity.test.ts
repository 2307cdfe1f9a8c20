import { beforeAll, describe, expect, test } from 'vitest';
import { probe } from '../support/ffprobe.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { flvMessages, isConfig, neverBack, pause, publish, pushFile, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

let srs: Srs;
const config = (policy: string) => `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
vhost __defaultVhost__ { publish { ${policy} normal_timeout 3000; grace 5; } }
`;

beforeAll(async () => {
  srs = await startSrs({ config: config('') });
});

/** A baseline profile where `feed` has a main one. */
const OTHER = Buffer.from('170000000001420c1effe1000a67420c1e95a014016ce401000468ce3c80', 'hex');

describe('publisher continuity (R1, R4)', () => {
  test.each([
    ['the same parameters', undefined],
    ['changed parameters each time', OTHER],
  ])(
    'republish × 50 on new connections, %s, clocks all over: one player connection, time never back',
    async (name, other) => {
      const url = srs.url('live', name.replaceAll(' ', '-'));
      const first = await publish(url);
      const player = await record(url);
      first.close();
      for (let i = 0; i < 50; i++) {
        const publisher = await publish(url);
        await feed(publisher, {
          start: (i * 977_000_017) >>> 0,
          frames: 10,
          ...(other && i % 2 === 1 && { config: other }),
        });
        await player.until(`frames of publish ${i}`, () => times(player.media(), 'video').length === (i + 1) * 10);
        publisher.close();
      }
      expect(player.closed()).toBe(false);
      for (const kind of ['audio', 'video'] as const) expect(neverBack(times(player.media(), kind))).toBe(true);
      const configs = player.messages.filter((m) => m.kind === 'video' && isConfig(m));
      expect(configs).toHaveLength(50);
      if (other)
        expect(configs.map(({ payload }) => other.equals(payload))).toEqual(configs.map((_, i) => i % 2 === 1));
    },
  );

  test('republish on the same connection', async () => {
    const url = srs.url('live', 'again');
    const publisher = await publish(url);
    const player = await record(url);
    await feed(publisher, { frames: 10 });
    await publisher.unpublish();
    await publisher.publish();
    await feed(publisher, { frames: 10 });
    await player.until('both publishes', () => times(player.media(), 'video').length === 20);
    expect(neverBack(times(player.media(), 'video'))).toBe(true);
    publisher.close();
  });

  test('takeover: the old publisher hears why, the new one is live, the player sees no end', async () => {
    const url = srs.url('live', 'takeover');
    const statuses: string[] = [];
    let closed = false;
    const old = await publish(url, { onStatus: (code) => statuses.push(code), onClose: () => (closed = true) });
    const player = await record(url);
    await feed(old, { frames: 5 });
    const fresh = await publish(url);
    await feed(fresh, { frames: 5 });
    await player.until('both', () => times(player.media(), 'video').length === 10);
    await until('the old one is closed', () => closed);
    expect(statuses).toContain('NetStream.Publish.BadName');
    expect(player.closed()).toBe(false);
  });

  test('policy reject: the newcomer is refused in words, the stream goes on', async () => {
    const strict = await startSrs({ config: config('policy reject;') });
    const url = strict.url('live', 'busy');
    const first = await publish(url);
    const player = await record(url);
    await expect(publish(url)).rejects.toThrow(/already has a publisher/);
    await feed(first, { frames: 5 });
    await player.until('frames', () => times(player.media(), 'video').length === 5);
    await strict.stop();
  });

  test('a publisher that goes silent is closed by the media timeout, and its key is free', async () => {
    const url = srs.url('live', 'silent');
    let closed = 0;
    const publisher = await publish(url, { onClose: () => (closed = performance.now()) });
    const start = performance.now();
    await feed(publisher, { frames: 5 });
    await until('the silent one is closed', () => closed > 0, 8000);
    expect(closed - start).toBeGreaterThan(2700); // deadlines are kept to a quarter of a second
    await until('the log says why', () => srs.log().includes('a message within 3000 ms'));
  });
});

withPeers('ffmpeg')('continuity with ffmpeg (R1, R4)', () => {
  test('ffmpeg frozen by SIGSTOP: a republish within 1 s is live in < 2 s, the player goes on', async () => {
    const file = await clip();
    // So long that nobody can wait for the end of the frozen one and still be in time.
    const patient = await startSrs({ config: config('').replace('3000', '20000') });
    const url = patient.url('live', 'frozen');
    const first = pushFile(file, url);
    await until('it is published', () => patient.log().includes('live/frozen","style"'));
    const player = await record(url);
    await player.until('frames', () => times(player.media(), 'video').length > 25);
    first.signal('SIGSTOP');
    await pause(500);
    const before = player.messages.length;
    const said = patient.log().length;
    pushFile(file, url);
    await player.until('frames of the second', (m) => times(m.slice(before), 'video').length > 2, 10_000);
    // ffmpeg itself may need longer to begin.
    const timeOf = (msg: string): number =>
      Date.parse(new RegExp(`"time":"([^"]+)"[^\n]*"msg":"${msg}"`).exec(patient.log().slice(said))?.[1] ?? '');
    expect(timeOf('publish started') - timeOf('client connected')).toBeLessThan(2000);
    expect(neverBack(times(player.media(), 'video'))).toBe(true);
    first.signal('SIGCONT');
  });

  test('other codec parameters after a republish: ffprobe reads one stream without a step back', async () => {
    const url = srs.url('live', 'params');
    const one = await flvMessages(await clip({ seconds: 30 }));
    const two = await flvMessages(await clip({ bFrames: 2 }));
    const play = probe(url, 6);
    await until('it plays', () => srs.log().includes('live/params","msg":"play started"'));
    for (const [messages, wait] of [
      [one, 3000],
      [two, 6000],
    ] as const) {
      const publisher = await publish(url);
      const start = performance.now();
      for (const m of messages) {
        if (m.timestamp > wait) break;
        const ahead = m.timestamp - (performance.now() - start);
        if (ahead > 5) await pause(ahead);
        publisher.send(m);
      }
      publisher.close();
    }
    const { packets } = await play;
    for (const type of ['audio', 'video'] as const) {
      const dts = packets.filter((p) => p.type === type).map((p) => p.dts);
      expect(dts.length).toBeGreaterThan(100);
      expect(dts.every((t, i) => i === 0 || t >= (dts[i - 1] as number))).toBe(true);
    }
  });
});
