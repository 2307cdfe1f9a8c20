import { readFileSync } from 'node:fs';
import { assert, describe, test } from 'vitest';
import { AmfObject, type AmfValue, decodeAmf0All, encodeAmf0 } from '../../../../src/protocol/amf/index.js';
import { fromHex } from '../../../support/bytes.js';

const golden = (name: string) => fromHex(readFileSync(new URL(`../../../golden/amf/${name}`, import.meta.url), 'utf8'));

/** Captured from RTMP messages; the ports are those of the capture. */
const messages: { file: string; want: AmfValue[] }[] = [
  {
    file: 'ffmpeg-5.1.9-connect-publish.hex',
    want: [
      'connect',
      1,
      AmfObject.of({
        app: 'live',
        type: 'nonprivate',
        flashVer: 'FMLE/3.0 (compatible; Lavf59.27.100)',
        tcUrl: 'rtmp://127.0.0.1:19351/live',
      }),
    ],
  },
  {
    file: 'ffmpeg-5.1.9-connect-play.hex',
    want: [
      'connect',
      1,
      AmfObject.of({
        app: 'live',
        flashVer: 'LNX 9,0,124,2',
        tcUrl: 'rtmp://127.0.0.1:19352/live',
        fpad: false,
        capabilities: 15,
        audioCodecs: 4071,
        videoCodecs: 252,
        videoFunction: 1,
      }),
    ],
  },
  { file: 'ffmpeg-5.1.9-fcpublish.hex', want: ['FCPublish', 3, null, 'stream?token=a'] },
  { file: 'ffmpeg-5.1.9-publish.hex', want: ['publish', 5, null, 'stream?token=a', 'live'] },
  {
    file: 'ffmpeg-5.1.9-setdataframe-onmetadata.hex',
    want: [
      '@setDataFrame',
      'onMetaData',
      AmfObject.ecmaOf({
        duration: 0,
        width: 64,
        height: 64,
        videodatarate: 48.828125,
        framerate: 25,
        videocodecid: 7,
        audiodatarate: 31.25,
        audiosamplerate: 44100,
        audiosamplesize: 16,
        stereo: false,
        audiocodecid: 10,
        encoder: 'Lavf59.27.100',
        filesize: 0,
      }),
    ],
  },
  {
    // With -C: two more arguments behind the command object.
    file: 'rtmpdump-2.4-connect.hex',
    want: [
      'connect',
      1,
      AmfObject.of({
        app: 'live',
        flashVer: 'LNX 10,0,32,18',
        tcUrl: 'rtmp://127.0.0.1:19353/live',
        fpad: false,
        capabilities: 15,
        audioCodecs: 3191,
        videoCodecs: 252,
        videoFunction: 1,
      }),
      true,
      'extra',
      AmfObject.of({ code: 1.23, flag: 'ok' }),
    ],
  },
  { file: 'rtmpdump-2.4-pause.hex', want: ['pause', 4, null, true, 0] },
  {
    file: 'gstreamer-1.22.0-setdataframe-onmetadata.hex',
    want: [
      '@setDataFrame',
      'onMetaData',
      AmfObject.ecmaOf({
        videocodecid: 7,
        width: 64,
        height: 64,
        AspectRatioX: 1,
        AspectRatioY: 1,
        framerate: 30,
        videodatarate: 2048,
        metadatacreator: 'GStreamer 1.22.0 FLV muxer',
        encoder: 'GStreamer 1.22.0 FLV muxer',
        creationdate: 'Mon Nov 23 12:41:08 2026',
      }),
    ],
  },
];

for (const { file, want } of messages)
  describe(file, () => {
    const bytes = golden(file);
    test('is understood', () => {
      assert.deepEqual(decodeAmf0All(bytes), want);
    });
    test('we write the same bytes', () => {
      assert.equal(encodeAmf0(...decodeAmf0All(bytes)).toString('hex'), bytes.toString('hex'));
    });
  });

for (const file of ['gstreamer-1.22.0-rtmp2sink-connect.hex', 'gstreamer-1.22.0-librtmp-connect.hex'])
  test(file, () => {
    const values = decodeAmf0All(golden(file));
    assert.deepEqual(values.slice(0, 2), ['connect', 1]);
    assert.equal((values[2] as AmfObject).get('app'), 'live');
  });
