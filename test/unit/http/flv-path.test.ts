import { expect, test } from 'vitest';
import { findVhost, parseConfig, type VhostConfig } from '../../../src/config/index.js';
import { flvPathOf } from '../../../src/http/flv-path.js';

function vhostWith(httpRemux: string, name = '__defaultVhost__'): VhostConfig {
  const { config } = parseConfig(`listen 1935; vhost ${name} { http_remux { ${httpRemux} } }`, 'test.conf');
  return findVhost(config, name) as VhostConfig;
}

test.each([
  ['enabled on;', '/live/cam.flv'],
  ['enabled off;', undefined],
  ['enabled on; mount [vhost]/[app]/[stream]/live.flv;', '/live/cam/live.flv'],
  ['enabled on; mount /flv/[stream]/of/[app].flv;', '/flv/cam/of/live.flv'],
  ['enabled on; mount /a[1]/[app]/[stream].flv;', '/a[1]/live/cam.flv'],
  ['enabled on; mount [vhost]/[app]/[stream].ts;', undefined],
  ['enabled on; mount [vhost]/[app]/[stream].ts; mount [vhost]/[app]/[stream].flv;', '/live/cam.flv'],
  ['enabled on; mount [vhost]/a/[app]/[stream].flv; mount [vhost]/[app]/[stream].flv;', '/a/live/cam.flv'],
  // One without [app] leads to no stream.
  ['enabled on; mount [vhost]/[stream].flv;', undefined],
])('http_remux { %s }', (httpRemux, path) => {
  expect(flvPathOf(vhostWith(httpRemux), { app: 'live', stream: 'cam' })).toBe(path);
});

test('the host is no part of the path, and names are not escaped', () => {
  const vhost = vhostWith('enabled on;', 'a.example');
  expect(flvPathOf(vhost, { app: 'live/room 1', stream: '$& [app]' })).toBe('/live/room 1/$& [app].flv');
});
