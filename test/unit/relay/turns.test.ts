import { describe, expect, test } from 'vitest';
import { ms } from '../../../src/core/index.js';
import { Turns } from '../../../src/relay/index.js';

const WAITS = { first: ms(500), cap: ms(2000) } as const;
/** Give or take a quarter. */
const about = (wait: number) => [wait * 0.75, wait * 1.25] as const;

describe('turns of several servers', () => {
  test('each once without a wait, then a wait that grows to its cap', () => {
    const turns = new Turns(WAITS);
    const servers = ['a', 'b', 'c'];
    const seen: string[] = [];
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      seen.push(turns.of(servers) ?? '');
      waits.push(turns.failed(servers.length));
    }
    expect(seen.join('')).toBe('abcabcabcabc');
    expect(waits.filter((_, i) => i % 3 !== 2)).toEqual(Array(8).fill(0));
    for (const [i, wait] of [500, 1000, 2000, 2000].entries()) {
      const [least, most] = about(wait);
      expect(waits[i * 3 + 2]).toBeGreaterThanOrEqual(least);
      expect(waits[i * 3 + 2]).toBeLessThanOrEqual(most);
    }
    expect(turns.failures).toBe(12);
  });

  test('one alone waits each time', () => {
    const turns = new Turns(WAITS);
    expect(turns.failed(1)).toBeGreaterThan(0);
    expect(turns.of(['a'])).toBe('a');
  });

  test('after one has worked the others have their turn before there is a wait', () => {
    const turns = new Turns(WAITS);
    turns.failed(2);
    turns.worked();
    expect(turns.failed(2)).toBe(0);
    expect(turns.failed(2)).toBeGreaterThan(0);
  });

  test('a reset begins anew, but stays with the server that works', () => {
    const turns = new Turns(WAITS);
    for (let i = 0; i < 5; i++) turns.failed(2);
    turns.reset();
    expect([turns.failures, turns.of(['a', 'b'])]).toEqual([0, 'b']);
  });

  test('fewer servers than before', () => {
    const turns = new Turns(WAITS);
    for (let i = 0; i < 2; i++) turns.failed(3);
    expect(turns.of(['a'])).toBe('a');
    expect(turns.failed(1)).toBeGreaterThan(0);
    expect(turns.of([])).toBeUndefined();
  });

  test('worth a line are the first failure, the second, the fourth, the eighth', () => {
    const turns = new Turns(WAITS);
    const told = Array.from({ length: 9 }, () => {
      turns.failed(1);
      return turns.isWorthTelling;
    });
    expect(told.flatMap((is, i) => (is ? [i + 1] : []))).toEqual([1, 2, 4, 8]);
  });
});
