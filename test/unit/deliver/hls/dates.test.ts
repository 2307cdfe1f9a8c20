import { expect, test } from 'vitest';
import { Dates } from '../../../../src/deliver/hls/dates.js';

const WALL = 1_700_000_000_000;

test('an encoder that sends all at once: no date is before the one in front of it, nor in the future', () => {
  const dates = new Dates();
  const said = [2000, 2000, 2000, 2086].map((length, i) => dates.of(i * 2000, length, WALL + i));
  expect(said).toEqual([...said].toSorted((a, b) => a - b));
  for (const [i, date] of said.entries()) expect(date).toBeLessThanOrEqual(WALL + i - 2000);
});

test('the clock of the machine is set back: dates follow it', () => {
  const dates = new Dates();
  dates.of(0, 2000, WALL);
  dates.restart();
  expect(dates.of(2000, 2000, WALL - 3_600_000)).toBe(WALL - 3_602_000);
});
