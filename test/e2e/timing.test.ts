import { beforeAll, describe, expect, test } from 'vitest';
import { type Srs, startSrs } from '../support/srs.js';
import { neverBack, publish, record, times } from '../support/streams.js';
import { feed, type Pattern, tag } from '../support/synthetic.js';

let srs: Srs;
let n = 0;

beforeAll(async () => {
  srs = await startSrs();
});

const fresh = () => srs.url('live', `timing${n++}`);

/** What an attached player sees of `pattern`, and what one sees that joins after it. */
async function watched(pattern: Pattern) {
  const url = fresh();
  const publisher = await publish(url);
  const early = await record(url);
  await feed(publisher, pattern);
  const frames = pattern.frames ?? 50;
  await early.until('every frame', () => times(early.media(), 'video').length === frames);
  const late = await record(url);
  await late.until('the last GOP', (m) => times(m, 'audio').length > 0);
  return { publisher, early, late };
}

describe('the encoder’s clock (R5, R10)', () => {
  test.each([
    ['0xFFFFFF', 0xffffff],
    ['0x7FFFFFFF', 0x7fffffff],
    ['0xFFFFFFFF', 0xffffffff],
  ])('crosses %s while players are attached, and players join after it', async (_, edge) => {
    const { publisher, early, late } = await watched({ start: edge - 1000, pace: 2 });
    expect(times(early.media(), 'video')).toEqual(Array.from({ length: 50 }, (_v, i) => i * 40));
    expect(times(early.media(), 'audio')).toEqual(Array.from({ length: 50 }, (_v, i) => i * 40 + 5));
    expect(times(late.media(), 'video')[0]).toBe(25 * 40);
    publisher.close();
  });

  test.each([
    ['back 1 ms', -1],
    ['back 500 ms', -500],
    ['back 10 s', -10_000],
    ['forward 1 h', 3_600_000],
  ])('jumps %s: the publisher stays, no player’s time goes back', async (_, jump) => {
    const { publisher, early } = await watched({ start: 60_000, pace: 2, at: (i, t) => (i < 30 ? t : t + jump) });
    for (const kind of ['audio', 'video'] as const) {
      const list = times(early.media(), kind);
      expect(list).toHaveLength(50);
      expect(neverBack(list)).toBe(true);
      expect((list.at(-1) as number) - (list[0] as number)).toBeLessThan(50 * 40 + 100);
    }
    const skew = times(early.media(), 'audio').map((t, i) => t - (times(early.media(), 'video')[i] as number));
    expect(Math.max(...skew.map((s) => Math.abs(s - 5)))).toBeLessThan(50);
    expect(publisher.writable).toBe(true);
    publisher.close();
  });

  test('equal times, negative composition times, empty audio and empty video pass', async () => {
    const url = fresh();
    const publisher = await publish(url);
    const player = await record(url);
    publisher.send(tag.avcConfig());
    publisher.send(tag.key(0));
    publisher.send(tag.key(0));
    const negative = Buffer.from('2701ffffd80000000200', 'hex');
    publisher.send({ kind: 'video', timestamp: 40, payload: negative });
    publisher.send({ kind: 'audio', timestamp: 41, payload: Buffer.alloc(0) });
    publisher.send({ kind: 'audio', timestamp: 42, payload: Buffer.from([0xaf]) });
    publisher.send({ kind: 'video', timestamp: 43, payload: Buffer.from([0x27]) });
    publisher.send(tag.inter(80));
    await player.until('the last frame', (m) => m.at(-1)?.timestamp === 80);
    const composition = player.media().find((m) => m.payload.length === negative.length)?.payload;
    expect(Buffer.from(composition ?? []).equals(negative)).toBe(true);
    publisher.close();
  });

  test('audio that starts 2 s late keeps its place', async () => {
    const url = fresh();
    const publisher = await publish(url);
    const player = await record(url);
    publisher.send(tag.avcConfig());
    publisher.send(tag.aacConfig());
    for (let t = 0; t <= 2000; t += 40) publisher.send(t === 0 ? tag.key(t) : tag.inter(t));
    publisher.send(tag.audio(2003));
    await player.until('audio', (m) => times(m, 'audio').length > 1);
    expect(times(player.media(), 'audio')).toEqual([2003]);
    publisher.close();
  });
});
