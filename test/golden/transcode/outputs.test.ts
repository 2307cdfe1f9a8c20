import { assert, describe, test } from 'vitest';
import { type EngineConfig, parseConfig } from '../../../src/config/index.js';
import { fillOutput } from '../../../src/deliver/transcode/fill-output.js';
import { inputPlace, outputPlace, secretsIn } from '../../../src/stream/index.js';

const values = { vhost: 'v.example.com', app: 'live/room', stream: 'cam', port: 1936, param: '?token=abc' };
const engine = (output: string, oformat = 'flv') => ({ name: 'hd', output, oformat }) as EngineConfig;
const fill = (output: string, more: Partial<typeof values> = {}, oformat?: string) =>
  fillOutput(engine(output, oformat), { ...values, ...more });

describe('the variables of an output (spec spec/config.md §7)', () => {
  test('each, every time it occurs', () => {
    assert.equal(
      fill('rtmp://127.0.0.1:[port]/[app]?vhost=[vhost]/[stream]_[engine][param]'),
      'rtmp://127.0.0.1:1936/live/room?vhost=v.example.com/cam_hd?token=abc',
    );
    assert.equal(fill('/[stream]/[stream]-[other]'), '/cam/cam-[other]');
  });

  test('a name that looks like a variable or a pattern stays what it is', () =>
    assert.equal(fill('rtmp://h/[app]/[stream]', { stream: "[engine]$&$'" }), "rtmp://h/live/room/[engine]$&$'"));
});

describe('reliability S7: names cannot become options, protocols or outputs', () => {
  test.each([
    ['[stream].flv', { stream: '-report' }],
    ['[app]/[stream].flv', { app: '-y' }],
    ['[app]/[stream].flv', { app: 'http:' }],
    ['[stream].flv', { stream: 'concat:a' }],
    ['[stream].flv', { stream: 'subfile,,start,0,end,0,,:a' }],
    ['[stream]', { stream: 'rtmp:x' }],
    ['tee:/[stream].flv|/b.flv', { stream: 'a|/c' }],
    ['rtmp://[app].example.com/live/x', { app: 'evil.example.org/x' }],
    ['rtmp://[stream].example.com/live/x', { stream: 'user@evil.example.org#' }],
    ['srt://[stream]:10080', { stream: 'evil.example.org:1' }],
    ['/rec/[stream][param].flv', { param: '?/../../etc/x' }],
    ['file:/rec/[stream][param].flv', { param: '?/../x' }],
  ])('%s with %o', (output, more) => assert.throws(() => fill(output, more), /so it is not transcoded$/));

  test('nor where ffmpeg writes several outputs', () =>
    assert.throws(() => fill('[f=flv]rtmp://h/[stream]', { stream: 'a|[f=flv]/etc/x' }, 'tee'), /add an output/));

  test('where they do no harm they are fine', () => {
    for (const stream of ['-report', 'concat:a', 'a|b', "it's", 'ü.x'])
      assert.equal(fill('rtmp://h/a/[stream]', { stream }), `rtmp://h/a/${stream}`);
    assert.equal(fill('rtmp://[stream].h/a/b', { stream: 'ü-1' }), 'rtmp://ü-1.h/a/b');
    assert.equal(fill('[stream].flv', { stream: 'a:b'.replace(':', '-') }), 'a-b.flv');
  });
});

const { config } = parseConfig('listen 1935 1936; vhost __defaultVhost__ { } vhost v.example.com { }', 'a.conf');
const issued: string[] = [];
const issue = (use: string, key: string): string => {
  issued.push(`${use} ${key}`);
  return 'PASS';
};
const source = { vhost: 'v.example.com', app: 'live/room', stream: 'cam' };

describe('the input', () => {
  test('is the own port on the loopback, app and stream as options', () => {
    issued.length = 0;
    const { options, url } = inputPlace(source, config, 40_000, issue);
    assert.equal(url, 'rtmp://127.0.0.1:40000/live/room?vhost=v.example.com/cam');
    assert.equal(
      options.join(' '),
      '-protocol_whitelist rtmp,tcp -rtmp_tcurl rtmp://127.0.0.1:1935/live/room?vhost=v.example.com&srs_pass=PASS ' +
        '-rtmp_app live/room?vhost=v.example.com&srs_pass=PASS -rtmp_playpath cam',
    );
    assert.deepEqual(issued, ['play v.example.com/live/room/cam']);
  });

  test('a name that no URL can hold is refused', () => {
    for (const stream of ['a?b', 'a&vhost=x', 'a b', 'a,b', 'a=b'])
      assert.throws(() => inputPlace({ ...source, stream }, config, 1, issue), /cannot be named in a URL/);
  });
});

describe('the output', () => {
  const place = (url: string) => {
    issued.length = 0;
    return { ...outputPlace(url, config, 40_000, issue), issued: [...issued] };
  };

  test('on this server goes through the same port, with a pass for that stream alone', () => {
    const found = place('rtmp://localhost:1936/live?vhost=v.example.com/x');
    const { place: own, streamKey, isOwn, issued: passes, shown } = found;
    assert.isTrue(isOwn);
    assert.equal(streamKey, 'v.example.com/live/x');
    assert.deepEqual(passes, ['publish v.example.com/live/x']);
    assert.equal(shown, 'v.example.com/live/x');
    assert.equal(own.url, 'rtmp://127.0.0.1:40000/v.example.com/live/x');
    assert.include(own.options.join(' '), '-rtmp_tcurl rtmp://localhost:1936/live?vhost=v.example.com&srs_pass=PASS ');
    assert.include(own.options.join(' '), '-rtmp_playpath x');
  });

  test('keeps the query of the operator', () => {
    const { place: own, secrets } = place('rtmp://127.0.0.1:1935/live/x?token=abc');
    assert.include(own.options.join(' '), '-rtmp_playpath x?token=abc');
    assert.include(secrets, '?token=abc');
    const other = place('rtmp://127.0.0.1:1935/live?vhost=v.example.com/x?token=abc');
    assert.equal(other.streamKey, 'v.example.com/live/x', 'the pass is for the stream, not for its query');
    assert.include(other.place.options.join(' '), '-rtmp_playpath x?token=abc');
    assert.include(other.secrets, '?token=abc');
  });

  test('elsewhere is as written, and its key is not shown', () => {
    const found = place('rtmp://a.example.com/live2/abcd-efgh?x=1');
    const { place: other, isOwn, issued: passes, shown, secrets } = found;
    assert.isFalse(isOwn);
    assert.deepEqual(passes, []);
    assert.equal(other.url, 'rtmp://a.example.com/live2/abcd-efgh?x=1');
    assert.equal(other.options.join(' '), '-protocol_whitelist rtmp,tcp');
    assert.equal(shown, 'rtmp://a.example.com/live2/***?***');
    assert.include(secrets, '/abcd-efgh?x=1');
    assert.equal(place('rtmps://a.example.com/live2/k').place.options.join(' '), '-protocol_whitelist rtmps,tls,tcp');
    assert.equal(place('rtmp://127.0.0.1:1999/live/k').shown, 'rtmp://127.0.0.1:1999/live/***');
  });

  test('of the password of a URL all is secret, as ffmpeg reads it: up to the last @', () => {
    assert.deepEqual(secretsIn('rtsp://u:p@ss@h/x?k=a@b'), ['?k=a@b', 'u:p@ss']);
    assert.deepEqual(secretsIn('http://h/x@y'), []);
  });

  test('need not be RTMP', () => {
    assert.deepEqual(place('/rec/a.flv').place, { options: [], url: '/rec/a.flv' });
    assert.equal(place('srt://u:p@h:1?streamid=key').shown, 'srt://***@h:1?***');
  });
});
