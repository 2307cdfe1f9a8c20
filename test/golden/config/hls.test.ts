import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';

const load = (rows: string) => parseConfig(`listen 1935;\nvhost a {\nhls { enabled on; ${rows} }\n}\n`, 'a.conf');
const hlsOf = (rows: string) => load(rows).config.vhosts.get('a')?.hls;

describe('hls { … }', () => {
  test('defaults: from memory, no files, no keys', () =>
    expect(hlsOf('')).toMatchObject({
      hlsFragment: 10,
      hlsWindow: 60,
      hlsAofRatio: undefined,
      hlsWaitKeyframe: true,
      hlsOnError: 'continue',
      hlsDispose: 120,
      hlsPath: '',
      hlsStorage: 'both',
      hlsCleanup: true,
      hlsKeys: false,
      hlsCtx: false,
      hlsTsFloor: false,
    }));

  test('what a file of the original says loads without a warning', () => {
    const { warnings } =
      load(`hls_path ./objs/nginx/html; hls_fragment 10; hls_window 60; hls_on_error ignore; hls_td_ratio 1.5;
      hls_aof_ratio 2.0; hls_m3u8_file [app]/[stream].m3u8; hls_ts_file [app]/[stream]-[seq].ts; hls_ts_floor off;
      hls_entry_prefix http://your-server; hls_acodec aac; hls_vcodec h264; hls_cleanup on; hls_dispose 0; hls_nb_notify 64;
      hls_wait_keyframe on; hls_keys on; hls_fragments_per_key 5; hls_key_file [app]/[stream]-[seq].key;
      hls_key_file_path ./objs/nginx/html; hls_key_url https://localhost:8080; hls_dts_directly on; hls_ctx on; hls_ts_ctx on;`);
    expect(warnings).toEqual([]);
  });

  test.each([
    [
      'hls_ts_file [app]/[stream].ts;',
      'a.conf:3:31: hls_ts_file must be a path with [seq] or [timestamp] in it, not "[app]/[stream].ts"',
    ],
    [
      'hls_key_file [app]/[stream].key;',
      'a.conf:3:32: hls_key_file must be a path with [seq] in it, not "[app]/[stream].key"',
    ],
    ['hls_storage disk;', 'a.conf:3:19: hls_storage disk needs hls_path, the directory of the files'],
    ['hls_fragment 0;', 'a.conf:3:32: hls_fragment is 0.25 to 2000000 seconds, not "0"'],
    ['hls_on_error stop;', 'a.conf:3:32: hls_on_error is one of continue, ignore, disconnect, not "stop"'],
    ['hls_acodec opus;', 'a.conf:3:30: hls_acodec is one of aac, mp3, an, not "opus"'],
  ])('%s', (rows, message) => expect(() => load(rows)).toThrow(message));
});
