import dns from 'node:dns';
import { afterEach, expect, test, vi } from 'vitest';
import { lookup, lookupWhere } from '../../../src/link/lookup.js';

afterEach(() => void vi.restoreAllMocks());

/** The system's lookups, to be answered by hand. */
function fakeDns() {
  const asked: Array<{ name: string; answer: (error: Error | null, address?: string, family?: number) => void }> = [];
  vi.spyOn(dns, 'lookup').mockImplementation(
    ((name: string, _: object, answer: (typeof asked)[0]['answer']) => void asked.push({ name, answer })) as never,
  );
  return asked;
}

test('one question for all who ask meanwhile, and another one afterwards', () => {
  const asked = fakeDns();
  const heard: unknown[] = [];
  const ask = (name: string) => lookup(name, { family: 0 }, (error, address) => heard.push(error?.message ?? address));
  for (let i = 0; i < 50; i++) ask('dead.example');
  ask('other.example');
  expect(asked.map(({ name }) => name)).toEqual(['dead.example', 'other.example']);
  asked[0]?.answer(new Error('no answer'));
  expect(heard).toEqual(Array.from({ length: 50 }, () => 'no answer'));
  ask('dead.example');
  expect(asked).toHaveLength(3);
  asked[2]?.answer(null, '192.0.2.1', 4);
  expect(heard.at(-1)).toBe('192.0.2.1');
});

test('other options are another question', () => {
  const asked = fakeDns();
  lookup('h.example', { all: true }, () => undefined);
  lookup('h.example', {}, () => undefined);
  expect(asked).toHaveLength(2);
});

test('only addresses that may be connected to; a name without one fails', () => {
  const asked = fakeDns();
  const heard: unknown[] = [];
  const where = lookupWhere((address) => address !== '127.0.0.1');
  where('both.example', { all: true }, (error, list) => heard.push(error?.message ?? list));
  where('here.example', { all: true }, (error, list) => heard.push(error?.message ?? list));
  where('here.example', {}, (error, address) => heard.push(error?.message ?? address));
  where('there.example', {}, (error, address) => heard.push(error?.message ?? address));
  const here = { address: '127.0.0.1', family: 4 };
  const there = { address: '192.0.2.1', family: 4 };
  const answer = (i: number, address: unknown) => asked[i]?.answer(null, address as string, 4);
  answer(0, [here, there]);
  answer(1, [here]);
  answer(2, '127.0.0.1');
  answer(3, '192.0.2.1');
  const no = 'here.example is an address of this machine or of a private network';
  expect(heard).toEqual([[there], no, no, '192.0.2.1']);
});
