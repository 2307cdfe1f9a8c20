import dns from 'node:dns';
import { afterEach, expect, test, vi } from 'vitest';
import { lookup } from '../../../src/link/lookup.js';

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
