import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';

const served = 'http_server { enabled on; }';

/** `warn`: what follows `a.conf:`. */
const cases: { name: string; root?: string; vhost?: string; warn: string[] }[] = [
  {
    name: 'a daemon has no console',
    root: 'daemon on; srs_log_tank console;',
    warn: ['2:12: with daemon on there is no console, so all log lines are lost: use srs_log_tank file'],
  },
  { name: 'a daemon with a log file', root: 'daemon on;', warn: [] },
  {
    name: 'HLS from memory without an HTTP server',
    vhost: 'hls { enabled on; }',
    warn: ['3:17: hls has no effect: http_server is off, and no files are written'],
  },
  {
    name: 'HLS with a directory, kept out of it',
    vhost: 'hls { enabled on; hls_path ./html; hls_storage ram; }',
    warn: ['3:17: hls has no effect: http_server is off, and no files are written'],
  },
  { name: 'HLS in files that another server serves', vhost: 'hls { enabled on; hls_path ./html; }', warn: [] },
  { name: 'HLS with an HTTP server', root: served, vhost: 'hls { enabled on; }', warn: [] },
  {
    name: 'HTTP-FLV without an HTTP server',
    vhost: 'http_remux { enabled on; }',
    warn: ['3:24: http_remux has no effect: http_server is off'],
  },
  { name: 'HTTP-FLV with an HTTP server', root: served, vhost: 'http_remux { enabled on; }', warn: [] },
  {
    name: 'an API for others that needs a token and has none',
    root: 'http_api { enabled on; listen 1985 127.0.0.1:1986; https { enabled on; listen [::]:1990; } }',
    warn: [
      '2:24: http_api answers only clients on this machine while it has no read_token or write_token',
      '2:72: http_api answers only clients on this machine while it has no read_token or write_token',
    ],
  },
  { name: 'an API for this machine', root: 'http_api { enabled on; listen 127.0.0.1:1985 [::1]:1985; }', warn: [] },
  { name: 'an API where it is by default', root: 'http_api { enabled on; }', warn: [] },
  { name: 'an API with a token', root: 'http_api { enabled on; listen 1985; write_token x; }', warn: [] },
  {
    name: 'an API with a password',
    root: 'http_api { enabled on; listen 1985; auth { enabled on; username u; password p; } }',
    warn: [],
  },
  { name: 'a vhost that is off', vhost: 'enabled off; http_remux { enabled on; } sign { play on; }', warn: [] },
  {
    name: 'what must be signed, and no secret',
    vhost: 'sign { publish on; play on; }',
    warn: ['3:18: sign has no secret, so nobody may publish', '3:30: sign has no secret, so nobody may play'],
  },
  { name: 'a secret', vhost: 'sign { secret x; publish on; play on; }', warn: [] },
];

for (const { name, root = '', vhost = '', warn } of cases)
  test(name, () => {
    const { warnings } = parseConfig(`listen 1935;\n${root}\nvhost v { ${vhost} }`, 'a.conf');
    expect(warnings).toEqual(warn.map((line) => `a.conf:${line}`));
  });
