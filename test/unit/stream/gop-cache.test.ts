import { describe, expect, test } from 'vitest';
import { ms } from '../../../src/core/index.js';
import { GopCache } from '../../../src/stream/gop-cache.js';
import { audio, inter, key } from '../../support/frames.js';

const limits = { frames: 10, bytes: 1000, span: ms(5000) };
const dts = (cache: GopCache) => cache.frames.map((f) => f.dts);

describe('GopCache (R8)', () => {
  test('holds the frames since the newest key frame', () => {
    const cache = new GopCache(limits);
    for (const f of [inter(0), key(40), inter(80), audio(85), key(120), audio(125)])
      expect(cache.add(f, [])).toBe(true);
    expect(dts(cache)).toEqual([120, 125]);
  });

  test('pure audio keeps none', () => {
    const cache = new GopCache(limits);
    for (let t = 0; t < 1000; t += 23) cache.add(audio(t), []);
    expect(cache.frames).toEqual([]);
  });

  test.each([
    ['frames', () => inter(100), 10],
    ['bytes', () => inter(100, 400), 3],
    ['time', () => inter(5100), 2],
  ])('is bounded in %s: the group is dropped and said to be', (_, next, count) => {
    const cache = new GopCache(limits);
    cache.add(key(0), []);
    const kept = Array.from({ length: count }, () => cache.add(next(), []));
    expect(kept).toContain(false);
    expect(cache.frames.length).toBeLessThan(count);
    cache.add(key(6000), []);
    expect(dts(cache)).toEqual([6000]);
  });

  test('video that stopped is not shown to newcomers for ever', () => {
    const cache = new GopCache({ ...limits, frames: 1000, bytes: 1e6, span: ms(60_000) });
    cache.add(key(0), []);
    let dropped = false;
    for (let t = 0; t < 3000; t += 23) dropped ||= !cache.add(audio(t), []);
    expect(dropped).toBe(true);
  });

  test('off keeps nothing', () => {
    const cache = new GopCache(limits, false);
    cache.add(key(0), []);
    expect(cache.frames).toEqual([]);
  });
});
