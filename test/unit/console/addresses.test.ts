import { assert, test } from 'vitest';
import { playAddress, protocolsOf, pushAddress, shellWord } from '../../../src/console/addresses.js';

const plain = { protocol: 'http:', host: 'host:8080', hostname: 'host' };
const secure = { protocol: 'https:', host: 'host', hostname: 'host' };
const name = { vhost: '__defaultVhost__', app: 'live', stream: 'livestream' };
const livestream = { ...name, flv: '/live/livestream.flv', hls: { playlist: '/live/livestream.m3u8' } };

test('each protocol has its address, on the host and port of the page', () => {
  assert.equal(playAddress(plain, livestream, 'hls'), 'http://host:8080/live/livestream.m3u8');
  assert.equal(playAddress(plain, livestream, 'http-flv'), 'http://host:8080/live/livestream.flv');
  assert.equal(playAddress(plain, livestream, 'ws-flv'), 'ws://host:8080/live/livestream.flv');
});

test('paths are those that the server says', () => {
  const elsewhere = { ...name, flv: '/live/livestream/live.flv', hls: { playlist: '/hls/livestream/index.m3u8' } };
  assert.equal(playAddress(plain, elsewhere, 'hls'), 'http://host:8080/hls/livestream/index.m3u8');
  assert.equal(playAddress(plain, elsewhere, 'ws-flv'), 'ws://host:8080/live/livestream/live.flv');
});

test('what the server does not offer has no address; what it does comes fastest first', () => {
  assert.deepEqual(protocolsOf(livestream), ['http-flv', 'ws-flv', 'hls']);
  const hlsOnly = { ...livestream, flv: null };
  assert.deepEqual(protocolsOf(hlsOnly), ['hls']);
  assert.isUndefined(playAddress(plain, hlsOnly, 'http-flv'));
  assert.isUndefined(playAddress(plain, hlsOnly, 'ws-flv'));
  const flvOnly = { ...name, flv: livestream.flv };
  assert.deepEqual(protocolsOf(flvOnly), ['http-flv', 'ws-flv']);
  assert.isUndefined(playAddress(plain, flvOnly, 'hls'));
  assert.deepEqual(protocolsOf({ ...name, flv: null }), []);
});

test('a page that came by TLS plays by TLS', () => {
  assert.equal(playAddress(secure, livestream, 'hls'), 'https://host/live/livestream.m3u8');
  assert.equal(playAddress(secure, livestream, 'ws-flv'), 'wss://host/live/livestream.flv');
});

test('a vhost other than the default one is named', () => {
  const other = { ...livestream, vhost: 'a.example' };
  assert.equal(playAddress(plain, other, 'hls'), 'http://host:8080/live/livestream.m3u8?vhost=a.example');
  assert.equal(pushAddress(plain, 1935, other).whole, 'rtmp://host/live/livestream?vhost=a.example');
});

test('names cannot leave their part of the address; the parts of an app stay parts', () => {
  const odd = { vhost: 'v&w', app: 'live/room 1', stream: '../a?b#c', flv: '/live/room 1/a?b#c.flv' };
  assert.equal(playAddress(plain, odd, 'http-flv'), 'http://host:8080/live/room%201/a%3Fb%23c.flv?vhost=v%26w');
  assert.equal(pushAddress(plain, 1935, odd).whole, 'rtmp://host/live/room%201/..%2Fa%3Fb%23c?vhost=v%26w');
});

test('OBS takes server and key apart', () => {
  assert.deepEqual(pushAddress(plain, 1935, name), {
    server: 'rtmp://host/live',
    key: 'livestream',
    whole: 'rtmp://host/live/livestream',
  });
});

test('a port that is not the one of RTMP is named', () => {
  assert.equal(pushAddress(plain, 21935, name).server, 'rtmp://host:21935/live');
  const byAddress = { ...plain, hostname: '[::1]' };
  assert.equal(pushAddress(byAddress, 21935, name).whole, 'rtmp://[::1]:21935/live/livestream');
});

test('a command stays one word per argument, whatever a stream is called', () => {
  assert.equal(shellWord('rtmp://host/live/livestream'), 'rtmp://host/live/livestream');
  assert.equal(shellWord('a?vhost=b'), "'a?vhost=b'");
  assert.equal(shellWord("it's $(here)"), "'it'\\''s $(here)'");
});
