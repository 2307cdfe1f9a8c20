import { assert, describe, test } from 'vitest';
import type { ErrorCode } from '../../../../src/kernel/index.js';
import { parseRtmpUrl, parseTcUrl, resolveStream } from '../../../../src/protocol/rtmp/index.js';
import { assertProtocolError } from '../../../support/protocol-error.js';

describe('tcUrl (spec/rtmp.md §4, 2+)', () => {
  const cases: [tcUrl: string, vhost: string, app: string, param: string][] = [
    ['rtmp://h/live', 'h', 'live', ''],
    ['rtmp://h:1935/live?vhost=v', 'v', 'live', '?vhost=v'],
    ['rtmp://h/live...vhost...v', 'v', 'live', ''],
    ['rtmp://h/live?vhost=v&&key=k', 'v', 'live', '?vhost=v&&key=k'],
    ['rtmp://h/live?vhost=v&key=k', 'v', 'live', '?vhost=v&key=k'],
    ['rtmp://h/live?key=k,vhost=v', 'v', 'live', '?key=k,vhost=v'],
    ['rtmp://h/live,vhost,v', 'v', 'live', ''],
    ['rtmp://h/live?vhost=', 'h', 'live', '?vhost='],
    ['rtmp://h/live?myvhost=v', 'h', 'live', '?myvhost=v'],
    ['rtmp://h/live/_definst_', 'h', 'live', ''],
    ['rtmp://h/live/_definst_/', 'h', 'live', ''],
    ['rtmp://h/live/_definst_?vhost=v', 'v', 'live', '?vhost=v'],
    ['rtmp://h/live/room1/', 'h', 'live/room1', ''],
    ['rtmp://h//live/', 'h', 'live', ''],
    ['rtmp:// h /li ve?vhost= v /', 'v', 'live', '?vhost=v/'],
    ['rtmp://user:pass@h/live', 'h', 'live', ''],
    ['rtmp://h/直播', 'h', '直播', ''],
  ];
  for (const [tcUrl, vhost, app, param] of cases)
    test(tcUrl, () =>
      assert.deepEqual(parseTcUrl(tcUrl), { scheme: 'rtmp', host: 'h', port: 1935, vhost, app, param }),
    );

  test('scheme, port, IPv6', () => {
    assert.deepInclude(parseTcUrl('RTMP://h:19350/live'), { scheme: 'rtmp', port: 19_350 });
    assert.deepInclude(parseTcUrl('rtmps://h/live'), { scheme: 'rtmps', port: 443 });
    assert.deepInclude(parseTcUrl('rtmpt://h/live'), { scheme: 'rtmpt', port: 1935 });
    assert.deepInclude(parseTcUrl('rtmp://[::1]:19350/live'), { host: '::1', vhost: '::1', port: 19_350 });
    assert.deepInclude(parseTcUrl('rtmp://[fe80::1]/live'), { host: 'fe80::1', port: 1935 });
  });

  const bad: [tcUrl: string, code: ErrorCode][] = [
    ['', 'RTMP_URL'],
    ['live', 'RTMP_URL'],
    ['://h/live', 'RTMP_URL'],
    ['rtmp://h', 'RTMP_URL'],
    ['rtmp://h/', 'RTMP_URL'],
    ['rtmp:///live', 'RTMP_URL'],
    ['rtmp://h:/live', 'RTMP_URL'],
    ['rtmp://h:0/live', 'RTMP_URL'],
    ['rtmp://h:65536/live', 'RTMP_URL'],
    ['rtmp://h:x/live', 'RTMP_URL'],
    ['rtmp://h/?vhost=v', 'RTMP_URL'],
    ['rtmp://h/../live', 'NAME_INVALID'],
    ['rtmp://h/a//b', 'NAME_INVALID'],
    ['rtmp://h/live?vhost=..', 'NAME_INVALID'],
  ];
  for (const [tcUrl, code] of bad)
    test(`refuses ${tcUrl || 'nothing'}`, () => assertProtocolError(() => parseTcUrl(tcUrl), code));

  test('runs of slashes take linear time', () => {
    const start = performance.now();
    assertProtocolError(() => parseTcUrl(`rtmp://h/${'/'.repeat(60_000)}a${'/'.repeat(60_000)}b`), 'NAME_INVALID');
    assert.isBelow(performance.now() - start, 200);
  });
});

describe('stream name (spec/rtmp.md §4, 2+)', () => {
  const base = parseTcUrl('rtmp://h/live?vhost=v1&key=k');
  const cases: [name: string, stream: string, vhost: string, param: string][] = [
    ['s', 's', 'v1', '?vhost=v1&key=k'],
    ['s?vhost=v2', 's', 'v2', '?vhost=v2'],
    ['s?token=t&vhost=v2', 's', 'v2', '?token=t&vhost=v2'],
    ['s?token=t', 's', 'v1', '?token=t'],
    ['/s/', 's', 'v1', '?vhost=v1&key=k'],
    ['s...vhost...v2', 's', 'v2', '?vhost=v1&key=k'],
    ['a.b-c_d', 'a.b-c_d', 'v1', '?vhost=v1&key=k'],
    ['cam,1', 'cam', 'v1', '?vhost=v1&key=k'],
    ['abc==', 'abc', 'v1', '?vhost=v1&key=k'],
    ['cam&key', 'cam', 'v1', '?vhost=v1&key=k'],
    [' my cam ', 'mycam', 'v1', '?vhost=v1&key=k'],
  ];
  for (const [name, stream, vhost, param] of cases)
    test(name, () => assert.deepEqual(resolveStream(base, name), { ...base, stream, vhost, param }));

  test('of several parts only the last is the stream', () => {
    assert.deepInclude(resolveStream(base, 'room1/cam?token=t'), {
      app: 'live/room1',
      stream: 'cam',
      param: '?token=t',
    });
    assert.deepInclude(resolveStream(base, '/a/b/c/'), { app: 'live/a/b', stream: 'c' });
  });

  test('without a name it is the last part of the app, as ffmpeg parts rtmp://h/live/cam/', () => {
    const parted = parseTcUrl('rtmp://h/live/cam');
    assert.deepInclude(resolveStream(parted, '?token=t'), { app: 'live', stream: 'cam', param: '?token=t' });
  });

  const bad: [name: string, code: ErrorCode][] = [
    ['', 'RTMP_URL'],
    ['?token=t', 'RTMP_URL'],
    ['/', 'RTMP_URL'],
    ['..', 'NAME_INVALID'],
    ['a//b', 'NAME_INVALID'],
    ['../b', 'NAME_INVALID'],
    [`${'x'.repeat(251)}/b`, 'NAME_INVALID'],
    ['s?vhost=../x', 'NAME_INVALID'],
  ];
  for (const [name, code] of bad)
    test(`refuses ${name || 'nothing'}`, () => assertProtocolError(() => resolveStream(base, name), code));

  test('no secret gets into the error', () => {
    try {
      resolveStream(base, '../s?token=secret');
      assert.fail();
    } catch (error) {
      assert.notInclude(JSON.stringify(error) + String(error), 'secret');
    }
  });
});

describe('full URL of a client', () => {
  const cases: [
    url: string,
    want: Partial<ReturnType<typeof parseRtmpUrl>> & { app: string; stream: string; param: string; tcUrl: string },
  ][] = [
    ['rtmp://h/live/s', { app: 'live', stream: 's', param: '', tcUrl: 'rtmp://h/live' }],
    [
      'rtmp://h:19350/live/s?token=t',
      { app: 'live', stream: 's', param: '?token=t', tcUrl: 'rtmp://h:19350/live', port: 19_350 },
    ],
    ['rtmp://h/live/room/s', { app: 'live/room', stream: 's', param: '', tcUrl: 'rtmp://h/live/room' }],
    [
      'rtmp://h/live/s?vhost=v&u=a/b',
      { app: 'live', stream: 's', param: '?vhost=v&u=a/b', tcUrl: 'rtmp://h/live', vhost: 'v' },
    ],
    [
      'rtmp://h/live?vhost=v/s',
      { app: 'live', stream: 's', param: '', appParam: '?vhost=v', tcUrl: 'rtmp://h/live?vhost=v', vhost: 'v' },
    ],
    [
      'rtmp://h/live/room?vhost=v/s',
      {
        app: 'live/room',
        stream: 's',
        param: '',
        appParam: '?vhost=v',
        tcUrl: 'rtmp://h/live/room?vhost=v',
        vhost: 'v',
      },
    ],
    ['rtmp://u:p@h/live/key=a,b', { app: 'live', stream: 'key=a,b', param: '', tcUrl: 'rtmp://h/live' }],
    [
      'rtmp://[::1]:19350/live/s',
      {
        app: 'live',
        stream: 's',
        param: '',
        tcUrl: 'rtmp://[::1]:19350/live',
        host: '::1',
        vhost: '::1',
        port: 19_350,
      },
    ],
  ];
  for (const [url, want] of cases)
    test(url, () =>
      assert.deepEqual(parseRtmpUrl(url), { scheme: 'rtmp', host: 'h', port: 1935, vhost: 'h', appParam: '', ...want }),
    );

  for (const url of ['rtmp://h/live', 'rtmp://h/', 'rtmp://h', 'h/live/s', 'rtmp://h/live?a=b/', 'rtmp://h/?a/b'])
    test(`refuses ${url}`, () => assertProtocolError(() => parseRtmpUrl(url), 'RTMP_URL'));
});
