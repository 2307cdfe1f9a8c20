import { expect, test } from 'vitest';
import { CodecWatch } from '../../../src/console/codec-watch.js';

test('another codec in the place of one that was there is a change; its profile, or one that comes late, is none', () => {
  const watch = new CodecWatch();
  const infos = [
    { videoCodec: 'avc1.4d401e' },
    { videoCodec: 'avc1.4d401e', audioCodec: 'mp4a.40.2' },
    { videoCodec: 'avc1.640028', audioCodec: 'mp4a.40.5' },
    { videoCodec: 'avc1.640028', audioCodec: 'mp3' },
    { videoCodec: 'avc1.640028' },
    { videoCodec: 'hvc1.1.6.L93.B0', audioCodec: 'mp3' },
    { videoCodec: 'hvc1.1.6.L93.B0', audioCodec: 'mp3' },
  ];
  expect(infos.map((info) => watch.changes(info))).toEqual([false, false, false, true, false, true, false]);
});
