import { describe, expect, test } from 'vitest';
import { type Frame, freeze } from '../../../../src/core/index.js';
import { FrameMuxer } from '../../../../src/protocol/mpegts/index.js';
import { describeVideo } from '../../../../src/stream/statistics/describe.js';
import {
  AVC,
  accessUnits,
  avcMessage,
  avcRecord,
  HEVC,
  hevcMessage,
  hevcRecord,
  lengthPrefixed,
} from '../../../support/nals.js';

const { small, big } = AVC;
const IDR = '6588843f';
const SLICE = '419a2423';
const SEI = '0605ff80';
const otherPps = '68ce3c80';
const secondPps = '6857';

function muxed(config: Frame, ...frames: readonly Frame[]): string[][] {
  const muxer = new FrameMuxer();
  const read = FrameMuxer.read(config);
  if (read !== undefined) muxer.configure(read);
  muxer.begin({ video: config.codec as 'avc', audio: undefined });
  for (const frame of frames) muxer.write(frame);
  return accessUnits(muxer.take());
}
const avc = (...frames: ReadonlyArray<readonly string[]>): string[][] =>
  muxed(
    avcRecord(small.sps, small.pps),
    ...frames.map((nals, i) => avcMessage(i * 40, lengthPrefixed(nals), nals.includes(IDR))),
  ).map((nals) => nals.slice(1));

describe('parameter sets in the frames (hls.md §7)', () => {
  test('those of the configuration stand in front of key frames, once, whether the frame repeats them or not', () => {
    const want = [small.sps, small.pps, IDR];
    expect(avc([IDR], [small.sps, small.pps, IDR], ['09f0', small.sps, small.pps, IDR], [SLICE])).toEqual([
      want,
      want,
      want,
      [SLICE],
    ]);
  });

  test('others take their place, and stay in force for key frames without', () => {
    const want = [big.sps, big.pps, IDR];
    expect(avc([IDR], [big.sps, big.pps, IDR], [SLICE], [IDR])).toEqual([
      [small.sps, small.pps, IDR],
      want,
      [SLICE],
      want,
    ]);
  });

  test('an SPS alone leaves the PPS; a PPS takes the place of that with its number, and stands beside others', () => {
    expect(avc([big.sps, IDR], [otherPps, IDR], [secondPps, IDR])).toEqual([
      [big.sps, small.pps, IDR],
      [big.sps, otherPps, IDR],
      [big.sps, otherPps, secondPps, IDR],
    ]);
  });

  test('behind an SEI message and in a picture that is no key frame: in front of it all the same', () => {
    expect(avc([SEI, big.sps, big.pps, IDR], [small.sps, small.pps, SLICE])).toEqual([
      [big.sps, big.pps, SEI, IDR],
      [small.sps, small.pps, SLICE],
    ]);
  });

  test('alone in a message, as SEI messages may be: kept for the next picture', () => {
    expect(avc([big.sps, big.pps], [SEI], [IDR], [SLICE])).toEqual([[big.sps, big.pps, SEI, IDR], [SLICE]]);
    expect(avc([IDR], ['0a', SEI, '0c80', '09f0'], [SLICE]).slice(1)).toEqual([[SEI, SLICE]]);
  });

  test('in front of the first picture behind the tables, key frame or not: pieces without one can be begun with', () => {
    const muxer = new FrameMuxer();
    const read = FrameMuxer.read(avcRecord(small.sps, small.pps));
    if (read !== undefined) muxer.configure(read);
    for (let piece = 0; piece < 2; piece++) {
      muxer.begin({ video: 'avc', audio: undefined });
      for (const at of [0, 40, 80]) muxer.write(avcMessage(piece * 120 + at, lengthPrefixed([SLICE]), false));
      expect(accessUnits(muxer.take()).map((nals) => nals.slice(1))).toEqual([
        [small.sps, small.pps, SLICE],
        [SLICE],
        [SLICE],
      ]);
    }
  });

  test('more than parameter sets can be: written, and not kept', () => {
    const huge = `67${'11'.repeat(20_000)}`;
    expect(avc([huge, IDR], [IDR])).toEqual([
      [small.sps, small.pps, huge, IDR],
      [small.sps, small.pps, IDR],
    ]);
  });

  test('HEVC: likewise, the VPS too', () => {
    const idr = '2601af09';
    const { vps, pps } = HEVC;
    const units = muxed(
      hevcRecord([vps, HEVC.small, pps]),
      ...[[idr], [vps, HEVC.small, pps, idr], [vps, HEVC.big, pps, idr], [idr]].map((nals, i) =>
        hevcMessage(i * 40, lengthPrefixed(nals)),
      ),
    );
    expect(units.map((nals) => nals.slice(1))).toEqual([
      [vps, HEVC.small, pps, idr],
      [vps, HEVC.small, pps, idr],
      [vps, HEVC.big, pps, idr],
      [vps, HEVC.big, pps, idr],
    ]);
  });

  test('a configuration of HEVC in any order: VPS, SPS, PPS', () => {
    const { vps, small: sps, pps } = HEVC;
    for (const sets of [
      [pps, sps, vps],
      [sps, vps, pps],
    ])
      expect(muxed(hevcRecord(sets), hevcMessage(0, lengthPrefixed(['2601af09'])))[0]?.slice(1)).toEqual([
        vps,
        sps,
        pps,
        '2601af09',
      ]);
  });

  test('a configuration without (hev1, avc3): those of the pictures serve, and before them nothing can be shown', () => {
    const { vps, small: sps, pps } = HEVC;
    const idr = '2601af09';
    const frames = [[idr], [vps, sps, pps, idr], [idr]].map((nals, i) => hevcMessage(i * 40, lengthPrefixed(nals)));
    const want = [vps, sps, pps, idr];
    expect(muxed(hevcRecord([]), ...frames).map((nals) => nals.slice(1))).toEqual([want, want]);
    const record = avcRecord(small.sps, small.pps);
    const avc3 = {
      ...record,
      payload: freeze(Buffer.concat([record.payload.subarray(0, 10), Buffer.from('e000', 'hex')])),
    };
    const key = avcMessage(0, lengthPrefixed([small.sps, small.pps, IDR]));
    expect(muxed(avc3, key)[0]?.slice(1)).toEqual([small.sps, small.pps, IDR]);
    expect(describeVideo(avc3).width).toBe(0);
  });

  test.each([
    ['lengths', (nals: readonly string[]) => lengthPrefixed(nals)],
    ['start codes', (nals: readonly string[]) => Buffer.from(nals.map((nal) => `00000001${nal}`).join(''), 'hex')],
  ])('no configuration at all, and %s: those of the pictures serve', (_, packed) => {
    const muxer = new FrameMuxer();
    muxer.begin({ video: 'avc', audio: undefined });
    const frames = [[IDR], [small.sps, small.pps, IDR], [IDR], [big.sps, big.pps, IDR]];
    for (const [i, nals] of frames.entries()) muxer.write(avcMessage(i * 40, packed(nals)));
    expect(accessUnits(muxer.take()).map((nals) => nals.slice(1))).toEqual([
      [small.sps, small.pps, IDR],
      [small.sps, small.pps, IDR],
      [big.sps, big.pps, IDR],
    ]);
    const read = FrameMuxer.read(avcRecord(small.sps, small.pps));
    if (read !== undefined) muxer.configure(read);
    muxer.begin({ video: 'avc', audio: undefined });
    muxer.write(avcMessage(200, packed([IDR])));
    expect(accessUnits(muxer.take()).map((nals) => nals.slice(1))).toEqual([[small.sps, small.pps, IDR]]);
  });
});

describe('how NAL units are packed (H.264 annex B, ISO/IEC 14496-15 §5.3.4.2)', () => {
  const want = [[small.sps, small.pps, SEI, IDR]];
  const of = (data: Buffer, lengthSize = 4) =>
    muxed(avcRecord(small.sps, small.pps, lengthSize), avcMessage(0, data)).map((nals) => nals.slice(1));
  const coded = (...nals: readonly string[]) => Buffer.from(nals.join(''), 'hex');

  test.each([1, 2, 3, 4])('lengths of %i bytes, and zeros behind the last unit', (size) => {
    for (let zeros = 0; zeros < 6; zeros++)
      expect(of(Buffer.concat([lengthPrefixed([SEI, IDR], size), Buffer.alloc(zeros)]), size)).toEqual(want);
  });

  test('start codes of four bytes and of three, and zeros in front of them', () => {
    const [four, three] = ['00000001', '000001'];
    for (const data of [
      coded(four, SEI, four, IDR),
      coded(four, SEI, three, IDR, '0000'),
      coded(four, '09f0', four, SEI, '00', four, IDR),
      coded(four, small.sps, four, small.pps, three, SEI, three, IDR),
    ])
      expect(of(data)).toEqual(want);
  });

  test('what is neither is damaged: a frame that is cut off, whatever its first length looks like', () => {
    const long = `06${'05'.repeat(299)}`;
    for (const data of [
      lengthPrefixed([long]).subarray(0, 200),
      lengthPrefixed([IDR]).subarray(0, 6),
      coded('00000001'),
    ])
      expect(of(data)).toEqual([]);
    expect(of(Buffer.concat([lengthPrefixed([IDR]), Buffer.from('0001', 'hex')]))).toEqual([]);
  });
});
