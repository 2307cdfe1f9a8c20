import { assert, describe, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';

const load = (root: string, vhost: string, environment = {}) =>
  parseConfig(`listen 1935;\n${root}\nvhost v { ${vhost} }`, 'a.conf', { environment }).warnings;

const says = (name: string): string => `${name} has settings but is not enabled: add "enabled on;"`;

describe('a block with settings that is not enabled is told, once', () => {
  test.each([
    ['hls { hls_fragment 3; hls_window 9; }', 'hls'],
    ['http_hooks { on_publish http://a; }', 'http_hooks'],
    ['security { allow play all; }', 'security'],
    ['http_remux { mount /[app]/[stream].flv; }', 'http_remux'],
    ['http { dir ./html; }', 'http'],
    ['forward { destination a; }', 'forward'],
    ['mr { latency 5; }', 'mr'],
    ['transcode { ffmpeg ffmpeg; }', 'transcode'],
  ])('%s', (text, name) => assert.deepEqual(load('', text), [`a.conf:3:11: ${says(name)}`]));

  test.each([
    ['http_stream { listen 80; }', ['2:1: http_stream']],
    ['heartbeat { interval 5; }', ['2:1: heartbeat']],
    ['http_api { enabled on; https { listen 90; } auth { username u; } }', ['2:24: http_api https', '2:45: auth']],
  ])('%s', (text, want) =>
    assert.deepEqual(
      load(text, ''),
      want.map((line) => `a.conf:${says(line.replace('http_api https', 'https'))}`),
    ),
  );

  test('an engine in a transcode', () =>
    assert.deepEqual(
      load('', 'transcode { enabled on; ffmpeg x; engine hd { vcodec copy; } engine { enabled off; vcodec copy; } }'),
      [`a.conf:3:45: ${says('engine')}`],
    ));
});

describe('no word', () => {
  test.each([
    'hls { }',
    'hls { enabled off; hls_fragment 3; }',
    'hls { enabled on; hls_path ./html; }',
    'publish { mr on; } mr { latency 5; }',
    'play { queue_length 5; } refer { all a.com; }',
    'transcode { enabled off; ffmpeg x; engine { vcodec copy; } }',
    'enabled off; hls { hls_fragment 3; } transcode { ffmpeg x; engine { vcodec copy; } }',
  ])('%s', (text) => assert.deepEqual(load('http_server { enabled on; }', text), []));

  test('for what stands in a block that is off, or is switched on under its other name', () => {
    assert.deepEqual(load('http_api { enabled off; auth { username u; } }', ''), []);
    assert.deepEqual(load('http_stream { enabled on; } http_server { listen 80; }', ''), []);
  });

  test('where a variable of the environment enables it', () =>
    assert.deepEqual(load('', 'hls { hls_path ./html; }', { SRS_VHOST_HLS_ENABLED: 'on' }), []));
});
