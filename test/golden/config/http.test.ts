import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';

const load = (root: string, vhost = '') => parseConfig(`listen 1935;\n${root}\nvhost a {\n${vhost}\n}\n`, 'a.conf');

const https = {
  enabled: false,
  listen: [{ host: '0.0.0.0', port: 8088 }],
  key: './conf/server.key',
  cert: './conf/server.crt',
};

test('http_server: defaults', () =>
  expect(load('').config.httpServer).toEqual({
    enabled: false,
    listen: [{ host: '0.0.0.0', port: 8080 }],
    dir: './objs/nginx/html',
    crossdomain: true,
    console: false,
    https,
  }));

test.each(['http_server', 'http_stream'])('%s: the old and the new name are one block', (name) => {
  const { config, warnings } = load(
    `${name} { enabled on; listen 127.0.0.1:80 [::1]:81; dir /srv; crossdomain off; https { enabled on; key /k.pem; } }`,
  );
  expect(warnings).toEqual([]);
  expect(config.httpServer).toEqual({
    enabled: true,
    listen: [
      { host: '127.0.0.1', port: 80 },
      { host: '::1', port: 81 },
    ],
    dir: '/srv',
    crossdomain: false,
    console: false,
    https: { ...https, enabled: true, key: '/k.pem' },
  });
});

test('of a vhost: defaults', () => {
  const vhost = load('').config.vhosts.get('a');
  expect(vhost?.httpStatic).toEqual({ enabled: false, mount: '[vhost]/', dir: './objs/nginx/html' });
  expect(vhost?.httpRemux).toEqual({
    enabled: false,
    mount: ['[vhost]/[app]/[stream].flv'],
    publish: true,
    guessHasAv: true,
    hasAudio: true,
    hasVideo: true,
    wait: 5,
  });
});

test.each(['http_static', 'http'])('%s: the old and the new name are one block', (name) => {
  const { config, warnings } = load('', `${name} { enabled on; mount /media; dir /srv; }`);
  expect(warnings).toEqual([]);
  expect(config.vhosts.get('a')?.httpStatic).toEqual({ enabled: true, mount: '/media', dir: '/srv' });
});

test('names of other releases warn, misspelt ones are errors', () => {
  const { warnings } = load('http_server { enabled on; }', 'http_remux { enabled on; hstrs on; fast_cache 5; }');
  expect(warnings.map((w) => w.split(' ')[1])).toEqual(['hstrs', 'fast_cache']);
  expect(() => load('http_server { https { listen 8080; enabled on; } enabled on; }')).toThrow(
    /http_server https cannot listen beside http_server/,
  );
  expect(() => load('', 'http_remux { mount [vhost]/[app]/[stream].ogg; }')).toThrow(
    /a\.conf:4:20: mount must be one path .*\.ts at its end, not "\[vhost\]\/\[app\]\/\[stream\]\.ogg"/,
  );
  for (const mount of ['/[app]/[stream].flv /[app]/[stream].ts', '/[stream]/[stream].flv'])
    expect(() => load('', `http_remux { mount ${mount}; }`)).toThrow(/mount must be one path .* each variable once/);
  expect(() => load('http_server { lisen 80; }')).toThrow(
    'a.conf:2:15: unknown directive "lisen" in http_server, did you mean listen?',
  );
  expect(() => load('http_server { listen 99999; }')).toThrow(/a\.conf:2:22: .*a port is 1 to 65535/);
});
