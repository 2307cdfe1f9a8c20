import { assert, describe, test } from 'vitest';
import { signUrl } from '../../../../src/main/sign.js';
import { AddressRules } from '../../../../src/stream/access/address-rules.js';
import { refersTo } from '../../../../src/stream/access/refer.js';
import { checkSigned, type Signed, signedQuery } from '../../../../src/stream/access/signing.js';
import { ViewerCounts } from '../../../../src/stream/access/viewer-counts.js';

describe('refer: the host at a label boundary', () => {
  for (const [domain, page, fits] of [
    ['example.com', 'http://example.com/', true],
    ['example.com', 'https://www.Example.COM:8080/a?b', true],
    ['.example.com', 'http://www.example.com', true],
    ['example.com', 'http://badexample.com/', false],
    ['example.com', 'http://example.com.evil.org/', false],
    ['example.com', 'http://evil.org/example.com', false],
    ['example.com', 'http://example.com@evil.org/', false],
    ['example.com', 'example.com', false],
    ['example.com', '', false],
    ['', 'http://example.com/', false],
  ] as const)
    test(`${domain} and ${page}: ${fits}`, () => assert.equal(refersTo([domain], page), fits));
});

describe('security: one allow, and no deny (spec/config.md §8.3)', () => {
  for (const { allow = [], deny = [], address, want } of [
    { address: '10.0.0.1', want: false },
    { allow: ['play all'], address: '10.0.0.1', want: true },
    { allow: ['play all'], address: '::1', want: true },
    { allow: ['publish all'], address: '10.0.0.1', want: false },
    { allow: ['play 10.0.0.0/8'], address: '10.255.255.255', want: true },
    { allow: ['play 10.0.0.0/8'], address: '11.0.0.0', want: false },
    { allow: ['play 10.0.0.1'], address: '10.0.0.10', want: false },
    { allow: ['play 2001:db8::/32'], address: '2001:db8:1::5', want: true },
    { allow: ['play 0.0.0.0/0'], address: 'nonsense', want: false },
    { allow: ['play all'], deny: ['play 10.0.0.0/30'], address: '10.0.0.3', want: false },
    { allow: ['play all'], deny: ['play 10.0.0.0/30'], address: '10.0.0.4', want: true },
    { allow: ['play all'], deny: ['publish all'], address: '10.0.0.3', want: true },
    { allow: ['play 10.0.0.0/99'], address: '10.0.0.3', want: false },
    { allow: ['play all'], deny: ['play 10.0.0.0/99'], address: '1.1.1.1', want: false },
  ])
    test(`allow ${allow.join(', ')}; deny ${deny.join(', ')}; ${address}: ${want}`, () =>
      assert.equal(new AddressRules(allow, deny).permits('play', address), want));
});

test('behind a proxy on this machine, rules that hold everybody still let in; those that deny it still do', () => {
  const permits = (allow: string[], deny: string[] = []) =>
    new AddressRules(allow, deny).permits('publish', '127.0.0.1', true);
  assert.deepEqual(
    ['publish 127.0.0.1', 'publish 127.0.0.0/8', 'publish all', 'publish 0.0.0.0/0'].map((rule) => permits([rule])),
    [false, false, true, true],
  );
  assert.isFalse(permits(['publish all'], ['publish 127.0.0.1']));
  assert.isTrue(new AddressRules(['publish 10.0.0.0/8'], []).permits('publish', '10.0.0.1', true));
});

describe('signed URLs', () => {
  const show: Signed = { vhost: 'v', app: 'live', stream: 's', use: 'play', expire: 1000 };
  const check = (query: string, wanted: Partial<Signed> = {}, now = 999_000, secret = 'k') =>
    checkSigned(secret, query, { ...show, ...wanted }, now);
  const good = `?x=1&${signedQuery('k', show)}`;

  test('the signature is that of openssl', () => {
    // printf 'play:v/live/s:1000' | openssl dgst -sha256 -hmac k
    assert.equal(
      signedQuery('k', show),
      'expire=1000&sign=e6a43c05774ee7e00862e50ef315062dad5808c78412ac2805f1086b6c16a8b3',
    );
  });

  test('good for what it was made for, until it expires', () => {
    assert.equal(check(good), 'valid');
    assert.equal(check(good, {}, 1_000_000), 'valid');
    assert.equal(check(good, {}, 1_000_001), 'expired');
    assert.equal(check(`?${signedQuery('k', { ...show, use: 'any' })}`), 'valid');
    assert.equal(check(good.toUpperCase().replace('EXPIRE', 'expire').replace('SIGN', 'sign')), 'valid');
  });

  test('and for nothing else', () => {
    const others = [{ vhost: 'w' }, { app: 'other' }, { stream: 't' }, { use: 'publish' }] as const;
    for (const other of others) assert.equal(check(good, other), 'invalid', JSON.stringify(other));
    assert.equal(check(good.replace('expire=1000', 'expire=2000')), 'invalid');
    assert.equal(check(good, {}, 0, 'other'), 'invalid');
    assert.equal(check(`?${signedQuery('', show)}`, {}, 0, ''), 'invalid');
    assert.equal(check(good.slice(0, -1)), 'invalid');
    assert.equal(check(`?expire=1e9&sign=${'0'.repeat(64)}`), 'invalid');
    assert.equal(check('?expire=1000'), 'missing');
    assert.equal(check(''), 'missing');
  });

  test('srs sign: one signature for every way to play, the vhost that the URL names', () => {
    const sign = (url: string, vhost?: string) =>
      signUrl(url, { secret: 'k', expire: '10', for: 'play', ...(vhost !== undefined && { vhost }) }, 990_000);
    const inDefault = signedQuery('k', { ...show, vhost: '__defaultVhost__' });
    assert.equal(sign('rtmp://h/live/s'), `rtmp://h/live/s?${inDefault}`);
    assert.equal(sign('http://h:8080/live/s.flv?x=1'), `http://h:8080/live/s.flv?x=1&${inDefault}`);
    assert.equal(sign('https://h/live/s.m3u8'), `https://h/live/s.m3u8?${inDefault}`);
    assert.equal(sign('rtmp://h/live/s?vhost=v'), `rtmp://h/live/s?vhost=v&${signedQuery('k', show)}`);
    assert.equal(sign('rtmp://h/live/s', 'v'), `rtmp://h/live/s?${signedQuery('k', show)}`);
    assert.throws(() => signUrl('rtmp://h/live/s', { expire: '10' }, 0), /--secret/);
    assert.throws(() => signUrl('rtmp://h/live/s', { secret: 'k', expire: '-1' }, 0), /--expire/);
    const once = signUrl('rtmp://h/live/s?a=1', { secret: 'k', expire: '10' }, 0);
    const renewed = signUrl(once, { secret: 'k', expire: '10' }, 60_000);
    assert.equal(renewed, signUrl('rtmp://h/live/s?a=1', { secret: 'k', expire: '10' }, 60_000));
  });
});

test('viewers are counted per stream, each once', () => {
  const counts = new ViewerCounts();
  assert.isTrue(counts.enter('a', 's', 1));
  assert.isFalse(counts.enter('b', 's', 1));
  assert.isTrue(counts.enter('b', 't', 1));
  counts.leave('a');
  counts.leave('a');
  assert.isTrue(counts.enter('c', 's', 1));
  assert.isFalse(counts.enter('d', 's', 1));
  assert.isTrue(counts.enter('d', 's', 0));
});
