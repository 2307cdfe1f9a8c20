import { expect, test } from 'vitest';
import { type Asker, type Keys, refuse } from '../../../src/http/api/guard.js';

const keys = (allowOrigin: readonly string[]): Keys => ({
  readToken: '',
  writeToken: 'w',
  auth: { enabled: true, username: 'admin', password: 'word' },
  allowOrigin,
});
const BASIC = `Basic ${Buffer.from('admin:word').toString('base64')}`;
const asker = (authorization: string, origin = 'https://evil.example'): Asker => ({
  address: '192.0.2.1',
  host: 'srs.example:1985',
  authorization,
  origin,
});

test('a page of any origin writes with a token only: the password its browser may know by itself', () => {
  const open = keys(['*']);
  expect(refuse('write', asker(BASIC), open)).toBe(401);
  expect(refuse('write', asker('Bearer w'), open)).toBeUndefined();
  expect(refuse('read', asker(BASIC), open)).toBeUndefined();
});

test('a page that is named writes with the password, and so do the own page and programs', () => {
  const named = keys(['*', 'https://admin.example']);
  expect(refuse('write', asker(BASIC, 'https://admin.example'), named)).toBeUndefined();
  expect(refuse('write', asker(BASIC, 'http://srs.example:1985'), keys([]))).toBeUndefined();
  expect(refuse('write', asker(BASIC, ''), keys([]))).toBeUndefined();
  expect(refuse('write', asker(BASIC), keys([]))).toBe(403);
});
