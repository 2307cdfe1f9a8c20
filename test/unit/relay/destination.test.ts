import { describe, expect, test } from 'vitest';
import { dumpConfig, parseConfig, planReload, printChange } from '../../../src/config/index.js';
import { isPublic } from '../../../src/deliver/forward/private-addresses.js';
import { parseRtmpUrl } from '../../../src/protocol/rtmp/index.js';
import { resolveDestination, withoutKey } from '../../../src/relay/destination.js';
import { leadsBack } from '../../../src/relay/loop.js';

const name = { vhost: '__defaultVhost__', app: 'live/room', stream: 'a' };
const named = { ...name, vhost: 'v.example.com' };

describe('host[:port]: spec/rtmp.md §11', () => {
  test('the same names, on the host itself for the default vhost', () => {
    expect(resolveDestination('10.0.0.1:19350', name)).toEqual({
      url: 'rtmp://10.0.0.1:19350/live/room/a',
      shown: 'rtmp://10.0.0.1:19350/live/room/a',
      tcUrl: undefined,
      isDynamic: false,
    });
  });

  test('another vhost stands in the tcUrl', () => {
    expect(resolveDestination('h', named).tcUrl).toBe('rtmp://v.example.com/live/room');
    expect(resolveDestination('[::1]:1936', named).tcUrl).toBe('rtmp://v.example.com:1936/live/room');
    expect(resolveDestination('[::1]', named).tcUrl).toBe('rtmp://v.example.com/live/room');
  });
});

describe('a whole URL', () => {
  test('variables stand for the names', () => {
    const { url, shown } = resolveDestination('rtmp://h/[app]?vhost=[vhost]/x-[stream]', named);
    expect(url).toBe('rtmp://h/live/room?vhost=v.example.com/x-a');
    expect(shown).toBe('rtmp://h/live/room?***');
  });

  test.each([
    ['rtmps://a.rtmps.youtube.com/live2/abcd-efgh', 'rtmps://a.rtmps.youtube.com/live2/***'],
    ['rtmps://live-api-s.facebook.com:443/rtmp/FB-1?s_bl=1&a=Abz', 'rtmps://live-api-s.facebook.com:443/rtmp/***?***'],
    ['rtmp://user:pass@h/app/[stream]', 'rtmp://***@h/app/a'],
    ['rtmp://h/app/[stream]?key=1', 'rtmp://h/app/a?***'],
    ['rtmp://h/app/[stream]-secret', 'rtmp://h/app/***'],
    ['rtmp://h/app?key=1/[stream]', 'rtmp://h/app?***'],
  ])('%s is shown as %s', (written, shown) => {
    expect(resolveDestination(written, name).shown).toBe(shown);
  });

  test.each([
    ['rtmp://[app].h/live/[stream]', { app: 'evil.example.org/x' }],
    ['rtmp://[stream].h/live/x', { stream: 'user@evil.example.org' }],
    ['rtmp://[stream].h/live/x', { stream: 'evil.example.org:1935' }],
    ['rtmp://u:[stream]@h/live/x', { stream: '@evil.example.org?' }],
  ])('%s with %o leads to no other host (S8)', (written, names) => {
    const { host, port } = parseRtmpUrl(resolveDestination(written, { ...name, ...names }).url);
    expect(host).toMatch(/(^|\.)h$/);
    expect(port).toBe(1935);
  });

  test('names that are fine stay as they are, in a host too', () => {
    expect(resolveDestination('rtmp://[app]-[vhost]/live/[stream]', { ...named, app: 'ü_1' }).url).toBe(
      'rtmp://ü_1-v.example.com/live/a',
    );
  });

  test('what a server says is shown without the key', () => {
    const to = resolveDestination('rtmps://h/live2/abcd-efgh?token=xyz', name);
    expect(withoutKey('stream abcd-efgh?token=xyz is not allowed, token=xyz', to)).toBe(
      'stream *** is not allowed, ***',
    );
    expect(withoutKey('stream a is busy', resolveDestination('h', name))).toBe('stream a is busy');
  });
});

describe('what an operator may write', () => {
  const load = (text: string) => parseConfig(`listen 1935;\nvhost v {\n${text}\n}\n`, 'a.conf');

  test('both forms, several directives', () => {
    const { config, warnings } = load(`forward a b:1 [::1]:2;
      forward { enabled on; destination rtmp://h/app/s; destination rtmps://h:444/a/b/[stream]?x=/y rtmp://h/a?vhost=v/s; }`);
    expect(warnings).toEqual([]);
    expect(config.vhosts.get('v')?.forwardTo).toEqual(['a', 'b:1', '[::1]:2']);
    expect(config.vhosts.get('v')?.forward.destination).toHaveLength(3);
  });

  test.each([
    'http://h/a/b',
    'rtmp://h',
    'rtmp://h/app',
    'rtmp://h/app/',
    'h:x',
    'h/app',
    '::1',
    '1.2.3.4:99999',
    'h:0',
    'rtmp://h:65536/a/s',
    'rtmp://u:p@h:65536/a/s',
  ])('not %s', (wrong) => {
    expect(() => load(`forward { destination ${wrong}; }`)).toThrow(
      /^a\.conf:3:23: destination must be host\[:port\] or rtmp:\S+, not "/,
    );
  });
});

test('a reload and a masked dump show destinations without keys', () => {
  const load = (to: string) => parseConfig(`listen 1; vhost v { forward { destination ${to}; } }`, 'a.conf');
  const before = load('rtmp://h/live/old-key');
  const after = load('rtmps://h/live/new-key?auth=x rtmp://h/[app]/[stream]');
  const told = planReload(before.config, after.config).map(printChange);
  expect(told).toEqual([
    'vhost v forward destination: rtmp://h/live/*** → rtmps://h/live/***?***, rtmp://h/[app]/[stream]',
  ]);
  expect(dumpConfig(after, { mask: true })).not.toMatch(/new-key|auth=x/);
});

describe('a destination that is the stream itself', () => {
  const { config } = parseConfig(
    'listen 1935 127.0.0.1:19350; vhost __defaultVhost__ { } vhost v.example.com { }',
    'a.conf',
  );
  const leads = (written: string, from = name) => leadsBack(resolveDestination(written, from), from, config);

  test.each([
    ['127.0.0.1', name],
    ['localhost:19350', name],
    ['[::1]:1935', name],
    ['0.0.0.0', name],
    ['127.0.0.1', named],
    ['rtmp://127.0.0.1/live/room/a', name],
    ['rtmp://127.0.0.1/live/room/a?vhost=unknown.example.com', name],
    ['rtmp://127.0.0.1/[app]/[stream]?vhost=[vhost]', named],
  ])('%s of %o', (written, from) => expect(leads(written, from)).toBe(true));

  test.each(['127.0.0.1:1936', '192.0.2.1', 'rtmp://127.0.0.1/live/room/b', 'rtmp://127.0.0.1/other/a'])(
    'not %s',
    (to) => expect(leads(to)).toBe(false),
  );

  test('another vhost of this server is no circle', () => {
    expect(leads('rtmp://127.0.0.1/live/room/a?vhost=v.example.com')).toBe(false);
  });
});

describe('addresses that dynamic destinations may have', () => {
  test.each([
    ...['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1'],
    ...[
      '255.255.255.255',
      '::1',
      '::',
      'fe80::1',
      'fe80::1%eth0',
      'fd00::1',
      'ff02::1',
      '::ffff:127.0.0.1',
      '::ffff:a00:1',
    ],
    ...['64:ff9b::7f00:1', '2002:7f00:1::'],
  ])('not %s', (address) => expect(isPublic(address)).toBe(false));

  test.each(['192.0.2.1', '8.8.8.8', '172.32.0.1', '2a00:1450:4001::1', '::ffff:8.8.8.8'])('%s', (address) =>
    expect(isPublic(address)).toBe(true),
  );
});
