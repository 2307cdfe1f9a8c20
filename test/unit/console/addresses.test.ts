import { assert, test } from 'vitest';
import { playAddress, pushAddress, shellWord } from '../../../src/console/addresses.js';

const plain = { protocol: 'http:', host: 'host:8080', hostname: 'host' };
const secure = { protocol: 'https:', host: 'host', hostname: 'host' };
const livestream = { vhost: '__defaultVhost__', app: 'live', stream: 'livestream' };

test('each protocol has its address, on the host and port of the page', () => {
  assert.equal(playAddress(plain, livestream, 'hls'), 'http://host:8080/live/livestream.m3u8');
  assert.equal(playAddress(plain, livestream, 'http-flv'), 'http://host:8080/live/livestream.flv');
  assert.equal(playAddress(plain, livestream, 'ws-flv'), 'ws://host:8080/live/livestream.flv');
});

test('a page that came by TLS plays by TLS', () => {
  assert.equal(playAddress(secure, livestream, 'hls'), 'https://host/live/livestream.m3u8');
  assert.equal(playAddress(secure, livestream, 'ws-flv'), 'wss://host/live/livestream.flv');
});

test('a vhost other than the default one is named', () => {
  const name = { ...livestream, vhost: 'a.example' };
  assert.equal(playAddress(plain, name, 'hls'), 'http://host:8080/live/livestream.m3u8?vhost=a.example');
  assert.equal(pushAddress(plain, name).whole, 'rtmp://host/live/livestream?vhost=a.example');
});

test('names cannot leave their part of the address; the parts of an app stay parts', () => {
  const name = { vhost: 'v&w', app: 'live/room 1', stream: '../a?b#c' };
  assert.equal(playAddress(plain, name, 'http-flv'), 'http://host:8080/live/room%201/..%2Fa%3Fb%23c.flv?vhost=v%26w');
});

test('OBS takes server and key apart', () => {
  assert.deepEqual(pushAddress(plain, livestream), {
    server: 'rtmp://host/live',
    key: 'livestream',
    whole: 'rtmp://host/live/livestream',
  });
});

test('a command stays one word per argument, whatever a stream is called', () => {
  assert.equal(shellWord('rtmp://host/live/livestream'), 'rtmp://host/live/livestream');
  assert.equal(shellWord('a?vhost=b'), "'a?vhost=b'");
  assert.equal(shellWord("it's $(here)"), "'it'\\''s $(here)'");
});
