import { expect, test } from 'vitest';
import { maskUrl, maskValue } from '../../../src/config/mask.js';

test.each([
  ['rtmp://a/live/key', 'rtmp://a/live/***'],
  ['rtmp://a/live/key/', 'rtmp://a/live/***'],
  ['rtmps://a/live/key//', 'rtmps://a/live/***'],
  ['rtmp://a/live/key/?x=1', 'rtmp://a/live/***?***'],
  ['rtmp://a/live/key?x=1', 'rtmp://a/live/***?***'],
  ['rtmp://a/live?tok=1/key', 'rtmp://a/live?***'],
  ['rtmp://a/[app]/[stream]', 'rtmp://a/[app]/[stream]'],
  ['rtmp://a/[app]/[stream]?x=1', 'rtmp://a/[app]/[stream]?***'],
  ['http://u:p@h/x.flv?t=1', 'http://***@h/x.flv?***'],
  ['http://h/dir/', 'http://h/dir/'],
])('%s is shown as %s', (url, shown) => {
  expect(maskUrl(url)).toBe(shown);
});

test('options of ffmpeg that carry credentials show that they are there, and no more', () => {
  const row = { type: 'pairs', default: [], reload: 'live', doc: '' } as const;
  const pairs = [
    ['headers', 'Authorization: Bearer x'],
    ['cookies', 'id=1'],
    ['passphrase', 'x'],
    ['decryption_key', '00'],
    ['keyint_min', '25'],
    ['passlogfile', 'log'],
    ['i', 'http://u:p@h/logo.png'],
  ];
  expect(maskValue(row, pairs)).toEqual([
    ['headers', '***'],
    ['cookies', '***'],
    ['passphrase', '***'],
    ['decryption_key', '***'],
    ['keyint_min', '25'],
    ['passlogfile', 'log'],
    ['i', 'http://***@h/logo.png'],
  ]);
});
