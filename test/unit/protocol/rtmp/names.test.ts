import { assert, describe, test } from 'vitest';
import { checkName } from '../../../../src/protocol/rtmp/index.js';
import { assertProtocolError } from '../../../support/protocol-error.js';

describe('names (architecture.md §6, reliability S1)', () => {
  for (const name of [
    'livestream',
    'a.b',
    'x..y',
    'mp4:clip',
    '直播',
    'кино',
    'a b',
    'é'.repeat(127),
    '-',
    '_',
    '%2e%2e',
    '~',
    'ab:c',
  ])
    test(`takes ${name.slice(0, 20)}`, () => assert.equal(checkName('stream', name), name));

  test('an app has parts, a vhost may be an IPv6 address', () => {
    assert.equal(checkName('app', 'live/room1'), 'live/room1');
    assert.equal(checkName('vhost', '::1'), '::1');
    assert.equal(checkName('vhost', 'a::1'), 'a::1');
    assert.equal(checkName('vhost', '__defaultVhost__'), '__defaultVhost__');
  });

  const refused = [
    '',
    '.',
    '..',
    '.hidden',
    'a\\b',
    '..\\b',
    'a\0',
    'a\n',
    'a\r',
    'a\u007f',
    'a\u0085',
    'a\u2028',
    'x'.repeat(256),
    'é'.repeat(128),
    '/',
    '/a',
    'a/',
    'a//b',
    'a/../b',
    'a/.b',
    'a/.',
  ];
  for (const name of refused)
    for (const part of ['vhost', 'app', 'stream'] as const)
      test(`refuses ${JSON.stringify(name.slice(0, 20))} as ${part}`, () =>
        assertProtocolError(() => checkName(part, name), 'NAME_INVALID'));

  test('only an app has slashes, no file name has a drive letter', () => {
    for (const part of ['vhost', 'stream'] as const) assertProtocolError(() => checkName(part, 'a/b'), 'NAME_INVALID');
    for (const part of ['app', 'stream'] as const) assertProtocolError(() => checkName(part, 'C:x'), 'NAME_INVALID');
  });
});
