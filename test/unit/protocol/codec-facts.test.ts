import { describe, expect, test } from 'vitest';
import { describeAac } from '../../../src/protocol/aac/index.js';
import { readAv1Config } from '../../../src/protocol/av1/index.js';
import { readAvcConfig, readAvcSps } from '../../../src/protocol/avc/index.js';
import { readHevcSps } from '../../../src/protocol/hevc/index.js';
import { readMp3Header } from '../../../src/protocol/mp3/index.js';

const bytes = (hex: string) => Buffer.from(hex, 'hex');

/** Records of x264, with what ffprobe 5.1 says of them. */
describe('H.264 §7.3.2.1.1: what a sequence parameter set tells', () => {
  for (const [profile, level, width, height, hex] of [
    [
      'Baseline(Constrained)',
      '1.2',
      320,
      180,
      '0142c00cffe100196742c00cd901419f9f011000000300100000030320f142a48001000568cb83cb20',
    ],
    ['Main', '3', 640, 360, '014d401effe10018674d401eeca05017fcb808800000030080000019078b16cb01000568ebe3cb20'],
    [
      'Baseline(Constrained)',
      '4',
      1920,
      1080,
      '0142c028ffe100196742c028da01e0089f97011000000300100000030320f1832a01000468ce0fc8',
    ],
    // interlaced: maps of fields, and rows cropped in fours
    [
      'High',
      '3',
      720,
      572,
      '0164001effe1001a6764001eacd940b424fd6022000003000200000300643e28532c01000668fba3cb22c0fdf8f800',
    ],
    [
      'High(422)',
      '3.1',
      1280,
      718,
      '017a001fffe1001b677a001fb6cd9405005bfbc044000003000400000300c83c60c65801000668ebe3cb22c0fefafa00',
    ],
    [
      'High(444+Predictive)',
      '3',
      640,
      360,
      '01f4001effe1001b67f4001e919b281405ff1380880000030008000003019078b16cb001000668ebe3c44844fff8f800',
    ],
    [
      'High',
      '3',
      854,
      480,
      '0164001effe1001a6764001eacd940d83de6f011000003000100000300320f162d9601000768ebe3cb3002c0fdf8f800',
    ],
  ] as const)
    test(`${profile}@${level} ${width}x${height}`, () => {
      const [sps = Buffer.alloc(0)] = readAvcConfig(bytes(hex)).sps;
      expect(readAvcSps(sps)).toEqual({ profile, level, width, height });
    });

  test('any cut of it is read without an exception', () => {
    const sps = bytes('677a001fb6cd9405005bfbc044000003000400000300c83c60c658');
    for (let length = 0; length < sps.length; length++) readAvcSps(sps.subarray(0, length));
  });
});

/** Of x265. */
describe('H.265 §7.3.2.2: what a sequence parameter set tells', () => {
  for (const [profile, level, width, height, hex] of [
    ['Main', '4', 1920, 1080, '420101016000000300900000030000030078a003c08010e596566924caf0168080000003008000000c84'],
    [
      'Main10',
      '2.1',
      640,
      362,
      '42010102200000030090000003000003003fa005020171f2365959a4932bc05a020000030002000003003210',
    ],
    ['Rext', '2', 322, 242, '4201010408000003009e0800000300003c90014901f39e7cb2b349265780b4040000030004000003006420'],
  ] as const)
    test(`${profile}@${level} ${width}x${height}`, () =>
      expect(readHevcSps(bytes(hex))).toEqual({ profile, level, width, height }));
});

describe('AV1 §5.5.1: what a codec configuration record tells', () => {
  for (const [level, width, height, hex] of [
    ['2.0', 426, 240, '81000c000a0b000000043ea7bcdaf90040'], // libaom
    ['2.1', 640, 360, '81010c000a0b0000000cc4ff6700be0010'], // SVT-AV1
    ['2.0', 0, 0, '81000c00'], // without a sequence header
  ] as const)
    test(`Main@${level} ${width}x${height}`, () =>
      expect(readAv1Config(bytes(hex))).toEqual({ profile: 'Main', level, width, height }));
  test('something else', () => expect(readAv1Config(bytes('01000c00'))).toBeUndefined());
});

/** ISO/IEC 14496-3 §1.6.2.1; the first three are of ffmpeg. */
test.each([
  ['121056e500', 'LC', 44_100, 2],
  ['118856e500', 'LC', 48_000, 1],
  ['0b9056e500', 'Main', 22_050, 2],
  ['1390', 'LC', 22_050, 2],
  ['2b8a0800', 'HE', 44_100, 1], // SBR told first, core at 22050
  ['eb8a0800', 'HEv2', 44_100, 2], // parametric stereo: a core of one channel
  ['138856e5a0', 'HE', 44_100, 1], // SBR told behind the core
])('AAC %s is %s at %i with %i channels', (hex, profile, sampleRate, channels) =>
  expect(describeAac(bytes(hex))).toEqual({ profile, sampleRate, channels }),
);

test.each([
  ['fffb9064', 44_100, 2],
  ['fffb94c4', 48_000, 1],
  ['fff38064', 22_050, 2],
  ['ffe38064', 11_025, 2],
])('MPEG audio header %s is %i Hz with %i channels', (hex, sampleRate, channels) =>
  expect(readMp3Header(bytes(hex))).toEqual({ sampleRate, channels }),
);
test('what is no MPEG audio header', () => expect(readMp3Header(bytes('00112233'))).toBeUndefined());
