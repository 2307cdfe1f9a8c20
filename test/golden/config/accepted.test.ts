import { assert, describe, test } from 'vitest';
import { parseConfig } from '../../../src/config/index.js';

const load = (root: string, vhost: string) =>
  parseConfig(`listen 1935;\n${root}\nvhost v {\n${vhost}\n}\n`, 'a.conf').warnings;

describe('accepted without effect: one warning for a whole block', () => {
  const cases: { root?: string; vhost?: string; want: string[] }[] = [
    {
      root: 'rtc_server { enabled on; nonsense { a; } listen x; }',
      want: ['2:1: rtc_server (since v4) is not supported yet and ignored, so there is no WebRTC'],
    },
    {
      root: 'stream_caster { caster flv; }\nstream_caster { caster rtsp; }',
      want: [
        '2:1: stream_caster (since v2) is not supported yet and ignored, so nothing is received over MPEG-TS, RTSP or FLV over HTTP',
        '3:1: stream_caster (since v2) is not supported yet and ignored, so nothing is received over MPEG-TS, RTSP or FLV over HTTP',
      ],
    },
    {
      root: 'query_latest_version off;',
      want: ['2:1: query_latest_version (since v2) has no effect: this server asks nobody about versions'],
    },
    { vhost: 'rtc { x; }', want: ['4:1: rtc (since v4) is not supported yet and ignored, so there is no WebRTC'] },
    {
      vhost: 'play { mw_msgs 8; gop_cache on; }',
      want: ['4:8: mw_msgs (since v4) is not supported yet and ignored, mw_latency alone decides'],
    },
  ];
  for (const { root = '', vhost = '', want } of cases)
    test(root + vhost, () => {
      assert.deepEqual(
        load(root, vhost),
        want.map((line) => `a.conf:${line}`),
      );
    });
});
