import { expect, test } from 'vitest';
import { Interleaver } from '../../../src/deliver/interleaver.js';
import { audio, inter, key } from '../../support/frames.js';

const named = (frames: readonly { kind: string; dts: number }[]) => frames.map(({ kind, dts }) => `${kind}@${dts}`);

test('sound waits for the pictures of its time', () => {
  const it = new Interleaver();
  expect(named(it.push(audio(0)))).toEqual([]);
  expect(named(it.push(audio(23)))).toEqual([]);
  expect(named(it.push(key(0)))).toEqual(['video@0']);
  expect(named(it.push(inter(40)))).toEqual(['audio@0', 'audio@23', 'video@40']);
});

test('for 3 s, and no longer', () => {
  const it = new Interleaver();
  it.push(key(0));
  expect(named(it.push(audio(10)))).toEqual([]);
  expect(named(it.push(audio(3010)))).toEqual([]);
  expect(named(it.push(audio(3011)))).toEqual(['audio@10']);
  expect(named(it.flush())).toEqual(['audio@3010', 'audio@3011']);
});

test('a clock that stands still fills no memory', () => {
  const it = new Interleaver();
  it.push(key(0));
  let held = 0;
  for (let i = 0; i < 100; i++) {
    held += 100_000;
    for (const { payload } of it.push(audio(1, 100_000))) held -= payload.length;
    expect(held).toBeLessThan(5_000_000);
  }
});
