import { describe, expect, test } from 'vitest';
import { fillPath, streamOfPath } from '../../../../src/deliver/hls/names.js';

const name = { vhost: 'v.example.com', app: 'live/room', stream: 'a.b' };

describe('the stream whose playlist a path is', () => {
  test.each(['[app]/[stream].m3u8', './[vhost]/[app]/[stream]/index.m3u8', '/[stream]/[app]/[stream].m3u8'])(
    '%s: what is filled in is read again',
    (pattern) => expect(streamOfPath(pattern, name.vhost, fillPath(pattern, name))).toEqual(name),
  );

  test.each([
    ['[app]/[stream].m3u8', '/live/a.ts'],
    ['[app]/[stream].m3u8', '/a.m3u8'],
    ['[vhost]/[app]/[stream].m3u8', '/vXexample.com/live/a.m3u8'],
    ['[stream]/[app]/[stream].m3u8', '/a/live/b.m3u8'],
    ['[stream].m3u8', '/a.m3u8'],
  ])('%s does not name %s', (pattern, path) => expect(streamOfPath(pattern, name.vhost, path)).toBeUndefined());
});
