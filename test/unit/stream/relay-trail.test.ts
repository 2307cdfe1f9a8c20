import { expect, test } from 'vitest';
import { identify, RelayTrail } from '../../../src/stream/index.js';

const here = new RelayTrail(identify('same-name'));
const there = new RelayTrail(identify('same-name'));

test('a stream that comes back under its name is refused, also over another server', () => {
  const out = here.onward('v/live/a');
  expect(() => there.check('v/live/a', out)).not.toThrow();
  expect(() => here.check('v/live/a', out)).toThrow(/in a circle/);
  expect(() => here.check('v/live/a', there.onward('v/live/a', out))).toThrow(/in a circle/);
});

test('another name on the same server is no circle', () => {
  expect(() => here.check('v/backup/a', here.onward('v/live/a'))).not.toThrow();
});

test('a stream that changes its name each time ends all the same', () => {
  let trail = '';
  for (let i = 0; i < 16; i++) {
    const now = trail;
    expect(() => here.check(`v/live/${i}`, now)).not.toThrow();
    trail = here.onward(`v/live/${i}`, trail);
  }
  expect(() => here.check('v/live/16', trail)).toThrow(/16 times/);
});

test('an encoder has no trail', () => {
  expect(() => here.check('v/live/a', '')).not.toThrow();
});
