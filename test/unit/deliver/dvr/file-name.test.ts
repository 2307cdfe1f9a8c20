import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { numbered, readDvrPath, recordingPath } from '../../../../src/deliver/dvr/file-name.js';

const at = Date.UTC(2026, 10, 28, 7, 5, 9, 42);
const name = { vhost: 'v.example.com', app: 'live/room1', stream: 'cam' };
const fill = (path: string, stream = name.stream): string => {
  const { directory, pattern } = readDvrPath(path);
  return posix.join(directory, recordingPath(pattern, { ...name, stream }, at, true));
};

describe('dvr_path (spec/media.md §3.1)', () => {
  test.each([
    ['./objs/nginx/html', `objs/nginx/html/live/room1/cam.${at}.flv`],
    ['./objs/nginx/html/', `objs/nginx/html/live/room1/cam.${at}.flv`],
    ['/data', `/data/live/room1/cam.${at}.flv`],
    ['/data/[app]', `/data/live/room1/cam.${at}.flv`],
    [
      '/data/[app]/[2006]/[01]/[02]/[stream]-[15].[04].[05].[999].flv',
      '/data/live/room1/2026/11/28/cam-07.05.09.042.flv',
    ],
    ['rec_[vhost]/[stream].FLV', 'rec_v.example.com/cam.FLV'],
    ['[stream].flv', 'cam.flv'],
    ['/[stream].flv', '/cam.flv'],
    ['one.flv', 'one.flv'],
    ['/data/one.flv', '/data/one.flv'],
  ])('%s', (path, file) => expect(fill(path)).toBe(file));

  test('the directory holds no name', () => {
    expect(readDvrPath('/data/[app]/x.flv')).toEqual({ directory: '/data', pattern: '[app]/x.flv' });
    expect(readDvrPath('/data/x_[app]/y.flv')).toEqual({ directory: '/data', pattern: 'x_[app]/y.flv' });
    expect(readDvrPath('/[app].flv').directory).toBe('/');
    expect(readDvrPath('[app].flv').directory).toBe('.');
    expect(readDvrPath('/data/x.flv').directory).toBe('/data');
  });

  test('a name that looks like a variable stays what it is, one that looks like a way up leads nowhere (S1)', () => {
    expect(fill('/data/[stream].flv', '[timestamp]')).toBe('/data/[timestamp].flv');
    expect(fill('/data/[stream].flv', '[app]')).toBe('/data/[app].flv');
    expect(fill('/data/[stream].flv', '../../etc/x')).toBe('/data/etc/x.flv');
  });

  test('a name that is too long for a file is cut, and stays different from others', () => {
    const [one, other] = [`${'ü'.repeat(126)}1`, `${'ü'.repeat(126)}2`].map((stream) => fill('/data', stream));
    const file = (one as string).slice('/data/live/room1/'.length);
    expect(file).toMatch(/^ü{104,105}-[0-9a-f]{16}\.flv$/);
    expect(Buffer.byteLength(`${numbered(file, 99)}.tmp`)).toBeLessThan(256);
    expect(other).not.toBe(one);
    expect(fill('/data/[stream]/x.flv', 'y'.repeat(255))).toBe(`/data/${'y'.repeat(255)}/x.flv`);
    const long = fill('/data/[vhost]-[stream]/x.flv', 'y'.repeat(250)).split('/');
    expect([long.length, long[2]?.length]).toEqual([4, 255]);
  });

  test('a name that is taken gets a number', () => {
    expect(numbered('a.b/c.d.flv', 1)).toBe('a.b/c.d.flv');
    expect(numbered('a.b/c.d.flv', 2)).toBe('a.b/c.d-2.flv');
  });
});
