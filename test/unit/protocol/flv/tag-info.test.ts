import { assert, describe, test } from 'vitest';
import { bringsFrame, isMultitrack, readAudioTag, readVideoTag } from '../../../../src/protocol/flv/index.js';
import { fromHex } from '../../../support/bytes.js';

const ascii = (text: string) => Buffer.from(text, 'latin1').toString('hex');
const hvc1 = ascii('hvc1');
const av01 = ascii('av01');
const opus = ascii('Opus');

/** codec, role, cts, track; the last two are 0 unless given. */
type Want = [codec: string, role: string, cts?: number, track?: number];
const result = ([codec, role, cts = 0, track = 0]: Want) => ({ codec, role, cts, track });

describe('video', () => {
  const rows: [name: string, hex: string, want: Want][] = [
    ['§E.4.3 empty body', '', ['none', 'inter']],
    ['§E.4.3.1 AVC sequence header', '17 00 000000 0164', ['avc', 'config']],
    ['§E.4.3.1 AVC sequence header in an inter frame', '27 00 000000 0164', ['avc', 'config']],
    ['§E.4.3.1 AVC key frame', '17 01 000050 00', ['avc', 'key', 80]],
    ['§E.4.3.1 AVC inter frame', '27 01 000000 00', ['avc', 'inter']],
    ['§E.4.3.1 composition time is signed', '27 01 ffffd8 00', ['avc', 'inter', -40]],
    ['§E.4.3.1 lowest composition time', '27 01 800000', ['avc', 'inter', -(2 ** 23)]],
    ['§E.4.3.1 AVC end of sequence', '17 02 000000', ['avc', 'end']],
    ['§E.4.3.1 AVC end of sequence without composition time', '17 02', ['avc', 'end']],
    ['§E.4.3.1 unknown AVCPacketType of a key frame', '17 03 000050 00', ['avc', 'inter']],
    ['§E.4.3.1 AVC, one byte', '17', ['avc', 'inter']],
    ['§E.4.3.1 AVC, cut in the composition time', '17 01 0000', ['avc', 'inter']],
    ['§E.4.3.1 AVC sequence header with nothing in it', '17 00 000000', ['avc', 'end']],
    ['§E.4.3.1 AVC sequence header, cut', '17 00 00', ['avc', 'inter']],
    ['§E.4.3.1 info frame', '57 00', ['avc', 'meta']],
    ['§E.4.3.1 generated key frame', '47 01 000000 00', ['avc', 'key']],
    ['§E.4.3.1 Sorenson key frame', '12 00', ['sorenson', 'key']],
    ['§E.4.3.1 Sorenson disposable frame', '32 00', ['sorenson', 'inter']],
    ['§E.4.3.1 screen video', '13 00', ['screen', 'key']],
    ['§E.4.3.1 VP6', '24 00', ['vp6', 'inter']],
    ['§E.4.3.1 VP6 with alpha', '15 00', ['vp6a', 'key']],
    ['§E.4.3.1 screen video 2', '16 00', ['screen2', 'key']],
    ['§E.4.3.1 reserved codec', '19 00', ['video:9', 'key']],
    ['HEVC as codec 12: sequence header', '1c 00 000000 01', ['hevc', 'config']],
    ['HEVC as codec 12: key frame', '1c 01 000021 00', ['hevc', 'key', 33]],
    ['HEVC as codec 12: end', '1c 02 000000', ['hevc', 'end']],

    ['ExVideo SequenceStart', `90 ${hvc1} 01`, ['hevc', 'config']],
    ['ExVideo CodedFrames key, with composition time', `91 ${hvc1} 000050 00`, ['hevc', 'key', 80]],
    ['ExVideo CodedFrames inter, negative composition time', `a1 ${hvc1} ffffd8 00`, ['hevc', 'inter', -40]],
    ['ExVideo CodedFrames cut in the composition time', `91 ${hvc1} 0000`, ['hevc', 'inter']],
    ['ExVideo CodedFrames of AVC', `91 ${ascii('avc1')} 000001`, ['avc', 'key', 1]],
    ['ExVideo CodedFrames of VVC', `91 ${ascii('vvc1')} 000001`, ['vvc', 'key', 1]],
    ['ExVideo CodedFrames of AV1: no composition time', `91 ${av01} 123456`, ['av1', 'key']],
    ['ExVideo CodedFrames of VP8', `a1 ${ascii('vp08')} 12`, ['vp8', 'inter']],
    ['ExVideo CodedFrames of VP9', `91 ${ascii('vp09')} 12`, ['vp9', 'key']],
    ['ExVideo SequenceEnd', `92 ${hvc1}`, ['hevc', 'end']],
    ['ExVideo CodedFramesX: no composition time', `93 ${hvc1} 123456`, ['hevc', 'key']],
    ['ExVideo CodedFramesX inter', `a3 ${hvc1} 123456`, ['hevc', 'inter']],
    ['ExVideo Metadata', `94 ${hvc1} 02`, ['hevc', 'meta']],
    ['ExVideo Metadata: the frame type is ignored', `d4 ${hvc1} 02`, ['hevc', 'meta']],
    ['ExVideo MPEG2TSSequenceStart', `95 ${av01} 80`, ['av1', 'config']],
    ['ExVideo command: a byte instead of a FourCC', 'd0 00', ['none', 'meta']],
    ['ExVideo command is no sequence start', `d0 ${hvc1}`, ['none', 'meta']],
    ['ExVideo unknown FourCC', `91 ${ascii('abcd')} 00`, ['fourcc:abcd', 'key']],
    ['ExVideo FourCC that cannot be printed', '90 00ff5c41', ['fourcc:\\x00\\xff\\x5cA', 'config']],
    ['ExVideo reserved packet type of a key frame', `98 ${hvc1} 00`, ['hevc', 'inter']],
    ['ExVideo cut in the FourCC', '90 687663', ['none', 'inter']],

    ['ExVideo ModEx, nanoseconds', `97 02 0f4240 01 ${hvc1} 000050 00`, ['hevc', 'key', 80]],
    ['ExVideo ModEx twice', `97 00 aa 07 02 0f4240 00 ${hvc1}`, ['hevc', 'config']],
    ['ExVideo ModEx of unknown type', `97 00 aa f3 ${hvc1}`, ['hevc', 'key']],
    ['ExVideo ModEx with a 16-bit size', `97 ff 0100 ${'aa'.repeat(257)} 00 ${hvc1}`, ['hevc', 'config']],
    ['ExVideo ModEx cut', '97 02 0f42', ['none', 'inter']],
    ['ExVideo ModEx cut in its size', '97 ff', ['none', 'inter']],
    ['ExVideo ModEx without an end', '97 00 aa 07', ['none', 'inter']],

    ['ExVideo one track: config', `96 00 ${hvc1} 03 01`, ['hevc', 'config', 0, 3]],
    ['ExVideo one track: coded', `96 01 ${hvc1} 03 000050`, ['hevc', 'key', 80, 3]],
    ['ExVideo many tracks: config of the first', `96 10 ${hvc1} 01 000001 01`, ['hevc', 'config', 0, 1]],
    ['ExVideo many tracks: coded', `a6 11 ${hvc1} 01 000004 ffffd8 00`, ['hevc', 'inter', -40, 1]],
    ['ExVideo many codecs', `96 20 ${av01} 02 000001 81 ${hvc1} 03 000001 01`, ['av1', 'config', 0, 2]],
    ['ExVideo multitrack behind ModEx', `97 00 aa 06 00 ${hvc1} 04`, ['hevc', 'config', 0, 4]],
    ['ExVideo multitrack inside of multitrack', `96 06 ${hvc1} 01`, ['hevc', 'inter', 0, 1]],
    ['ExVideo reserved layout of multitrack', `96 30 ${hvc1} 01 000001 01`, ['none', 'inter']],
    ['ExVideo multitrack cut before the track', `96 00 ${hvc1}`, ['none', 'inter']],
    ['ExVideo multitrack cut in the size', `96 10 ${hvc1} 01 0000`, ['none', 'inter']],
  ];
  for (const [name, hex, want] of rows)
    test(name, () => {
      assert.deepEqual({ ...readVideoTag(fromHex(hex)) } as unknown, result(want));
    });
});

describe('audio', () => {
  const legacy = ['pcm', 'adpcm', 'mp3', 'pcm-le', 'nellymoser16', 'nellymoser8', 'nellymoser', 'g711a', 'g711u'];
  const rows: [name: string, hex: string, want: Want][] = [
    ['§E.4.2 empty body: silence', '', ['none', 'audio']],
    ...legacy.map((codec, format): (typeof rows)[number] => [`§E.4.2.1 ${codec}`, `${format}2 00`, [codec, 'audio']]),
    ['§E.4.2.1 AAC sequence header', 'af 00 1210', ['aac', 'config']],
    ['§E.4.2.1 AAC sequence header with nothing in it', 'af 00', ['aac', 'end']],
    ['§E.4.2.1 AAC raw', 'af 01 21', ['aac', 'audio']],
    ['§E.4.2.1 AAC, one byte', 'af', ['aac', 'audio']],
    ['§E.4.2.1 AAC, unknown packet type', 'af 02 1210', ['aac', 'audio']],
    ['§E.4.2.1 Speex', 'b2 00', ['speex', 'audio']],
    ['§E.4.2.1 reserved', 'c2 00', ['audio:12', 'audio']],
    ['Opus as format 13', 'd2 00', ['opus', 'audio']],
    ['§E.4.2.1 MP3 8 kHz', 'e2 00', ['mp3-8k', 'audio']],
    ['§E.4.2.1 device', 'f2 00', ['device', 'audio']],

    ['ExAudio SequenceStart', `90 ${opus} 4f`, ['opus', 'config']],
    ['ExAudio CodedFrames', `91 ${opus} fc`, ['opus', 'audio']],
    ['ExAudio SequenceEnd', `92 ${opus}`, ['opus', 'end']],
    ['ExAudio MultichannelConfig', `94 ${opus} 01 02 00000003`, ['opus', 'meta']],
    ['ExAudio FLAC', `90 ${ascii('fLaC')}`, ['flac', 'config']],
    ['ExAudio AC-3', `91 ${ascii('ac-3')}`, ['ac3', 'audio']],
    ['ExAudio E-AC-3', `91 ${ascii('ec-3')}`, ['eac3', 'audio']],
    ['ExAudio MP3', `91 ${ascii('.mp3')}`, ['mp3', 'audio']],
    ['ExAudio AAC', `90 ${ascii('mp4a')} 1210`, ['aac', 'config']],
    ['ExAudio reserved packet types', `93 ${opus}`, ['opus', 'audio']],
    ['ExAudio packet type 6 is reserved here', `96 ${opus}`, ['opus', 'audio']],
    ['ExAudio unknown FourCC', `90 ${ascii('abcd')}`, ['fourcc:abcd', 'config']],
    ['ExAudio cut', '90 4f70', ['none', 'audio']],
    ['ExAudio ModEx', `97 02 0f4240 01 ${opus}`, ['opus', 'audio']],
    ['ExAudio ModEx cut', '97 02 0f', ['none', 'audio']],
    ['ExAudio one track', `95 00 ${opus} 02`, ['opus', 'config', 0, 2]],
    ['ExAudio many tracks', `95 11 ${opus} 01 000001 fc`, ['opus', 'audio', 0, 1]],
    ['ExAudio many codecs', `95 20 ${ascii('mp4a')} 01 000002 1210`, ['aac', 'config', 0, 1]],
    ['ExAudio reserved layout', `95 f0 ${opus} 01 000001 fc`, ['none', 'audio']],
  ];
  for (const [name, hex, want] of rows)
    test(name, () => {
      assert.deepEqual({ ...readAudioTag(fromHex(hex)) } as unknown, result(want));
    });
});

describe('isMultitrack', () => {
  const rows: [name: string, kind: 'audio' | 'video', hex: string, want: boolean][] = [
    ['empty', 'video', '', false],
    ['legacy AVC', 'video', '17 00 000000', false],
    ['legacy codec 6', 'video', '16 00', false],
    ['one codec, one track', 'video', `90 ${hvc1}`, false],
    ['one track', 'video', `96 00 ${hvc1} 00`, true],
    ['many tracks', 'video', `96 10 ${hvc1} 00 000000`, true],
    ['behind ModEx', 'video', `97 00 aa 06 00 ${hvc1} 00`, true],
    ['ModEx cut', 'video', '97 00', false],
    ['a command has no tracks', 'video', 'd6 00', false],
    ['audio type 6 is not multitrack', 'audio', `96 00 ${opus} 00`, false],
    ['audio one track', 'audio', `95 00 ${opus} 00`, true],
    ['video type 5 is not multitrack', 'video', `95 ${av01}`, false],
    ['legacy AAC', 'audio', 'af 00', false],
  ];
  for (const [name, kind, hex, want] of rows)
    test(name, () => {
      assert.equal(isMultitrack(fromHex(hex), kind), want);
    });
});

describe('a body brings a frame', () => {
  for (const [name, kind, hex, want] of [
    ['key frame', 'video', '17 01 000000 00', true],
    ['inter frame', 'video', '27 01 000000 00', true],
    ['sequence header', 'video', '17 00 000000 0164', false],
    ['end of sequence', 'video', '17 02 000000', false],
    ['info frame', 'video', '57 00', false],
    ['AAC frame', 'audio', 'af 01 00', true],
    ['MP3, which has no configuration', 'audio', '2f ff', true],
    ['AAC configuration', 'audio', 'af 00 1210', false],
    ['AAC configuration with nothing in it', 'audio', 'af 00', false],
  ] as const)
    test(name, () => assert.equal(bringsFrame(kind, fromHex(hex)), want));
});
