import { describe, expect, test } from 'vitest';
import type { Frame } from '../../../../src/core/index.js';
import { FrameMuxer } from '../../../../src/protocol/mpegts/index.js';
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
    expect(avc(['0a', SEI, '0c80', '09f0'], [SLICE])).toEqual([[SEI, SLICE]]);
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
});
