import { expect, test } from 'vitest';
import { Dates } from '../../../../src/deliver/hls/dates.js';

const WALL = 1_700_000_000_000;

test('an encoder that sends all at once: no date is before the one in front of it, nor in the future', () => {
  const dates = new Dates();
  const said = [2000, 2000, 2000, 2086].map((length, i) => dates.of(i * 2000, length, WALL + i, i));
  expect(said).toEqual([...said].toSorted((a, b) => a - b));
  for (const [i, date] of said.entries()) expect(date).toBeLessThanOrEqual(WALL + i - 2000);
});

test.each([
  ['forward', 3_600_000],
  ['back', -3_600_000],
])('a clock of the server that is set %s is followed at once', (_, step) => {
  const dates = new Dates();
  const at = (start: number, late = 0, set = 0) => {
    const now = start + 2000 + late;
    return dates.of(start, 2000, WALL + now + set, now) - WALL;
  };
  expect([at(0), at(2000), at(4000)]).toEqual([0, 2000, 4000]);
  expect([at(6000, 0, step), at(8000, 0, step)]).toEqual([6000 + step, 8000 + step]);
  // Set right again while a piece is held up, which is not dated later for that.
  expect(at(10_000, 5000, 0) - 10_000).toBeLessThanOrEqual(10);
});

test('what comes late is followed slowly, and nothing comes from the future', () => {
  const dates = new Dates();
  const at = (start: number, late: number) =>
    dates.of(start, 2000, WALL + start + 2000 + late, start + 2000 + late) - WALL;
  expect(at(0, 500)).toBe(500);
  expect(at(2000, 0)).toBe(2000);
  expect(at(4000, 60_000)).toBe(4002);
});
