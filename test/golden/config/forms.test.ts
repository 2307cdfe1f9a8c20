import { assert, describe, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';

const load = (text: string) => parseConfig(`listen 1935;\n${text}`, 'a.conf');
const inVhost = (text: string) => load(`vhost v {\n${text}\n}`);

const url = 'must be an http:// or https:// URL, not';
const domain = 'must be a domain such as example.com, without http://, port or path, not';
const rule = 'must be play or publish, then all, an address or a range such as 10.0.0.0/8, not';

describe('what can never work is told by its rule and the value, not by the first client', () => {
  test.each([
    ['http_hooks { enabled on; on_publish foo; }', `3:37: on_publish ${url} "foo"`],
    ['http_hooks { enabled on; on_play https://; }', `3:34: on_play ${url} "https://"`],
    ['http_hooks { enabled on; on_close http:///x; }', `3:35: on_close ${url} "http:///x"`],
    ['http_hooks { enabled on; on_stop http://a http://b:99999/; }', `3:43: on_stop ${url} "http://b:99999/"`],
    ['http_hooks { enabled on; on_hls_notify [ts_url]; }', `3:40: on_hls_notify ${url} "[ts_url]"`],
    ['http_hooks { on_play ftp://u:secret@h/?k=secret; }', `3:22: on_play ${url} "ftp://***@h/?***"`],
    ['forward { enabled on; backend b.example.com; }', `3:31: backend ${url} "b.example.com"`],
    ['refer { all http://foo.com; }', `3:13: all ${domain} "http://foo.com"`],
    ['refer a.com *.b.com;', `3:13: refer ${domain} "*.b.com"`],
    ['refer { play a.com:8080; publish a.com/x; }', `3:14: play ${domain} "a.com:8080"`],
    ['security { enabled on; allow play 10.0.0.0/33; }', `3:30: allow ${rule} "play 10.0.0.0/33"`],
    ['security { enabled on; deny all; }', `3:29: deny ${rule} "all"`],
    [
      'forward 1.2.3.4:99999;',
      '3:9: forward must be host[:port] or rtmp://host[:port]/app/stream, not "1.2.3.4:99999"',
    ],
  ])('%s', (text, message) => {
    let said = '';
    try {
      inVhost(text);
    } catch (error) {
      said = (error as Error).message;
    }
    assert.equal(said.split('\n')[0], `a.conf:${message}`);
  });

  test.each([
    ['heartbeat { enabled on; url ftp://x; }', `2:29: url ${url} "ftp://x"`],
    [
      'trusted_proxies 10.0.0.1 10.0.0.256;',
      '2:26: trusted_proxies must be an address or a range such as 10.0.0.0/8, not "10.0.0.256"',
    ],
    [
      'http_api { allow_origin admin.example.com; }',
      '2:25: allow_origin must be an origin such as https://admin.example.com, or *, not "admin.example.com"',
    ],
  ])('%s', (text, message) => assert.throws(() => load(`${text} vhost v { }`), `a.conf:${message}`));

  test('a variable of the environment too', () => {
    const environment = { SRS_VHOST_HTTP_HOOKS_ON_PLAY: 'http://a foo' };
    assert.throws(
      () => parseConfig('listen 1; vhost v { }', 'a.conf', { environment }),
      `environment SRS_VHOST_HTTP_HOOKS_ON_PLAY: on_play ${url} "foo"`,
    );
  });
});

test('what works is no error', () => {
  const { warnings } = inVhost(`
    http_hooks { enabled on; on_play http://127.0.0.1:8085/hooks https://u:p@h?x=[app] HTTP://[::1]:80;
      on_hls_notify http://cache/[ts_url] http://[app].cache:80/[stream]?[param]; }
    refer { all example.com .example.org localhost 192.0.2.1 [::1] EXAMPLE.net. my_host; }
    security { enabled on; allow play 2001:db8::/32; allow publish all; deny publish 192.0.2.7; }
    forward a b:1 [::1]:65535 rtmp://u:p@h:1/a/[stream];`);
  assert.deepEqual(warnings, []);
});
