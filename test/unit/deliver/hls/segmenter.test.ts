import { describe, expect, test } from 'vitest';
import { type Frame, ms } from '../../../../src/core/index.js';
import { type Piece, Segmenter, type SegmenterRules } from '../../../../src/deliver/hls/segmenter.js';
import { aacConfig, aacFrame, avcConfig, avcInter, avcKey, mp3Frame } from '../../../support/coded.js';

/** As a playlist with this target duration asks for it. */
const rules = (fragment: number, target: number): SegmenterRules => ({
  fragment: () => ms(fragment * 1000),
  target: () => ms(target * 1000),
});

function segmenter(fragment: number, target: number) {
  const pieces: Piece[] = [];
  const it = new Segmenter(rules(fragment, target), (piece) => pieces.push(piece));
  return { it, pieces };
}

/** Pictures and sound in order of time; a key frame every `gop` pictures. */
function* programme(seconds: number, fps: number, gop: number, from = 0): Generator<Frame> {
  yield avcConfig(from);
  yield aacConfig(from);
  const audioMs = 1024 / 44.1;
  let audio = 0;
  for (let i = 0; (i * 1000) / fps < seconds * 1000; i++) {
    const at = Math.round((i * 1000) / fps);
    for (; audio * audioMs < at; audio++) yield aacFrame(from + Math.round(audio * audioMs));
    yield i % gop === 0 ? avcKey(from + at) : avcInter(from + at);
  }
}

/** The slice type of the first picture in a piece. */
function startsWithKey({ bytes }: Piece): boolean {
  const idr = bytes.indexOf(Buffer.from([0, 0, 1, 0x65]));
  const other = bytes.indexOf(Buffer.from([0, 0, 1, 0x41]));
  return idr >= 0 && (other < 0 || idr < other);
}

describe('where a stream is cut', () => {
  test('29.97 pictures/s: groups a few ms longer than the target in whole seconds are not cut in front of their end', () => {
    const { it, pieces } = segmenter(4, 4);
    for (const frame of programme(90, 30_000 / 1001, 60)) it.onFrame(frame);
    expect(pieces.length).toBeGreaterThan(20);
    expect(it.forcedCuts).toBe(0);
    expect(pieces.every(startsWithKey)).toBe(true);
    for (const { duration } of pieces) expect(Math.round(duration)).toBeLessThanOrEqual(4);
  });

  test('no key frames: cut at the target, and counted', () => {
    const { it, pieces } = segmenter(2, 3);
    for (const frame of programme(30, 25, 10_000)) it.onFrame(frame);
    expect(pieces.length).toBeGreaterThanOrEqual(8);
    expect(it.forcedCuts).toBe(pieces.length);
    for (const { duration } of pieces) expect(Math.round(duration)).toBeLessThanOrEqual(3);
  });

  test('a longer fragment than the target, after a reload: still cut at key frames', () => {
    const { it, pieces } = segmenter(10, 4);
    for (const frame of programme(40, 25, 50)) it.onFrame(frame);
    expect(it.forcedCuts).toBe(0);
    expect(pieces.every(startsWithKey)).toBe(true);
  });

  test('another publish: one discontinuity, also when the rest of the one before was too short for a segment', () => {
    for (const rest of [1040, 1000]) {
      const { it, pieces } = segmenter(1, 1);
      it.onFrame(aacConfig(0));
      for (let at = 0; at <= rest; at += 20) it.onFrame(aacFrame(at));
      it.finish();
      it.onFrame(aacConfig(2000));
      for (let at = 2000; at <= 5000; at += 20) it.onFrame(aacFrame(at));
      const flags = pieces.map(({ discontinuity }) => discontinuity);
      expect(flags[0], `rest ${rest}`).toBe(false);
      expect(flags.slice(1).filter(Boolean), `rest ${rest}`).toHaveLength(1);
      expect(flags[1], `rest ${rest}`).toBe(true);
    }
  });

  test('a first publish too short for a segment leaves no discontinuity', () => {
    const { it, pieces } = segmenter(1, 1);
    it.onFrame(aacConfig(0));
    it.onFrame(aacFrame(0));
    it.finish();
    for (let at = 2000; at <= 4000; at += 20) it.onFrame(aacFrame(at));
    expect(pieces[0]?.discontinuity).toBe(false);
  });

  test('audio alone that changes its codec is cut there, and nothing is lost', () => {
    const { it, pieces } = segmenter(4, 4);
    it.onFrame(aacConfig(0));
    for (let at = 0; at < 2000; at += 20) it.onFrame(aacFrame(at));
    for (let at = 2000; at < 8000; at += 20) it.onFrame(mp3Frame(at));
    expect(pieces.map(({ duration, discontinuity }) => [duration, discontinuity])).toEqual([
      [2, false],
      [4, true],
    ]);
  });

  test('audio alone with another configuration: cut there', () => {
    const { it, pieces } = segmenter(4, 4);
    it.onFrame(aacConfig(0));
    for (let at = 0; at < 2000; at += 20) it.onFrame(aacFrame(at));
    it.onFrame(aacConfig(2000, 3));
    for (let at = 2000; at < 8000; at += 20) it.onFrame(aacFrame(at));
    expect(pieces.map(({ duration, discontinuity }) => [duration, discontinuity])).toEqual([
      [2, false],
      [4, true],
    ]);
  });
});
