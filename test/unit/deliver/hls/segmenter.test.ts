import { describe, expect, test } from 'vitest';
import { type Frame, freeze, ms } from '../../../../src/core/index.js';
import type { Piece } from '../../../../src/deliver/hls/open-piece.js';
import { Segmenter } from '../../../../src/deliver/hls/segmenter.js';
import type { SegmenterRules } from '../../../../src/deliver/hls/segmenter-rules.js';
import { aacConfig, aacFrame, avcConfig, avcInter, avcKey, mp3Frame } from '../../../support/coded.js';
import { AVC, accessUnits, avcMessage, avcRecord, lengthPrefixed } from '../../../support/nals.js';
import { checkTs } from '../../../support/ts-check.js';

/** As a playlist with this target duration asks for it. */
const rules = (fragment: number, target: number, more: Partial<SegmenterRules>): SegmenterRules => ({
  isDue: (start, at) => at - start >= Math.min(fragment, target) * 1000,
  limit: () => target * 1000,
  isAligned: () => false,
  waitsForKey: () => true,
  maxBytes: () => Number.POSITIVE_INFINITY,
  carries: () => true,
  countsSamples: () => false,
  ...more,
});

function segmenter(fragment: number, target: number, more: Partial<SegmenterRules> = {}) {
  const pieces: Piece[] = [];
  const complaints: string[] = [];
  const it = new Segmenter(
    rules(fragment, target, more),
    (piece) => pieces.push(piece),
    (codec) => complaints.push(codec),
  );
  return { it, pieces, complaints };
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

/** Frames in the order in which they come when pictures, or what comes of them, are so many ms late. */
const late = (frames: Iterable<Frame>, by: number): Frame[] => {
  const comes = ({ kind, role, dts }: Frame): number => (kind === 'video' && role !== 'config' ? dts + by : dts);
  return [...frames].toSorted((a, b) => comes(a) - comes(b));
};

describe('where a stream is cut', () => {
  test.each([0, 450, 600, 1500, 3000])('sound %d ms ahead of the pictures: cut at key frames all the same', (by) => {
    for (const [gop, seconds] of [
      [50, 4], // two groups are as long as the target
      [105, 4.2],
    ] as const) {
      const { it, pieces } = segmenter(4, 4);
      for (const frame of late(programme(60, 25, gop), by)) it.onFrame(frame);
      expect(it.forcedCuts).toBe(0);
      expect(pieces.length).toBeGreaterThan(12);
      for (const piece of pieces) {
        expect(startsWithKey(piece)).toBe(true);
        expect(piece.duration).toBe(seconds);
        // It has the sound of its pictures.
        const sound =
          checkTs(piece.bytes)
            .stamps.get(0x101)
            ?.map(({ dts }) => dts / 90) ?? [];
        expect(Math.abs(Math.min(...sound) - piece.start)).toBeLessThan(25);
        expect(Math.abs(Math.max(...sound) - piece.start - piece.duration * 1000)).toBeLessThan(25);
      }
    }
  });

  test('pictures that stop, with sound ahead of them: the sound is cut at the target, and the pieces fit together', () => {
    const { it, pieces } = segmenter(2, 2);
    const isGone = ({ kind, dts }: Frame): boolean => kind === 'video' && dts >= 10_000 && dts < 22_000;
    for (const frame of late(programme(30, 25, 50), 600)) if (!isGone(frame)) it.onFrame(frame);
    for (const [i, { start, duration }] of pieces.entries()) {
      expect(Math.round(duration)).toBeLessThanOrEqual(2);
      expect(duration).toBeGreaterThanOrEqual(0.1);
      if (i > 0) expect(start).toBe((pieces[i - 1]?.start ?? 0) + (pieces[i - 1]?.duration ?? 0) * 1000);
    }
    expect(pieces.filter(({ start }) => start >= 21_000).map(startsWithKey)).toEqual([true, true, true]);
    expect(it.forcedCuts).toBeLessThan(8);
  });

  test('one group longer than the target, among others: only that one is cut', () => {
    const { it, pieces } = segmenter(2, 2);
    for (const frame of programme(30, 25, 50))
      it.onFrame(frame.role === 'key' && frame.dts === 10_000 ? avcInter(10_000) : frame);
    expect(it.forcedCuts).toBe(1);
    expect(pieces.filter((piece) => !startsWithKey(piece))).toHaveLength(1);
  });

  test.each([5, 4.44, 8.3, 13])('groups of %d s, target 4: pieces of a group are alike', (seconds) => {
    const { it, pieces } = segmenter(4, 4);
    for (const frame of programme(100, 25, Math.round(seconds * 25))) it.onFrame(frame);
    const steady = pieces.slice(8).map(({ duration }) => duration);
    expect(Math.max(...steady) - Math.min(...steady)).toBeLessThan(0.1);
    const parts = Math.ceil(seconds / 4.3);
    expect(steady.length / pieces.slice(8).filter(startsWithKey).length).toBeCloseTo(parts, 0);
  });

  test('29.97 pictures/s: groups a few ms longer than the target in whole seconds are not cut in front of their end', () => {
    const { it, pieces } = segmenter(4, 4);
    for (const frame of programme(90, 30_000 / 1001, 60)) it.onFrame(frame);
    expect(pieces.length).toBeGreaterThan(20);
    expect(it.forcedCuts).toBe(0);
    expect(pieces.every(startsWithKey)).toBe(true);
    for (const { duration } of pieces) expect(Math.round(duration)).toBeLessThanOrEqual(4);
  });

  test('open groups, whose key frames are decoded a frame early or late: cut at each that is shown in time', () => {
    const { it, pieces } = segmenter(2, 3);
    it.onFrame(avcConfig(0));
    it.onFrame(aacConfig(0));
    for (let at = 0; at < 20_000; at += 40) {
      const group = Math.round(at / 2000);
      // As x264 writes them with open-gop: 0, 1960, 4000, 5960 …, shown at 80, 2080, 4080 …
      const decoded = group * 2000 - (group % 2) * 40;
      it.onFrame(at === decoded ? { ...avcKey(at), cts: ms(group * 2000 + 80 - at) } : avcInter(at));
      it.onFrame(aacFrame(at + 10));
    }
    expect(pieces.map(({ duration }) => duration)).toEqual([1.96, 2.04, 1.96, 2.04, 1.96, 2.04, 1.96, 2.04, 1.96]);
    expect(pieces.every(startsWithKey)).toBe(true);
  });

  test('no key frames: cut at the target, and counted', () => {
    const { it, pieces } = segmenter(2, 3);
    for (const frame of programme(30, 25, 10_000)) it.onFrame(frame);
    expect(pieces.length).toBeGreaterThanOrEqual(8);
    expect(it.forcedCuts).toBe(pieces.length);
    for (const { duration } of pieces) expect(Math.round(duration)).toBeLessThanOrEqual(3);
  });

  test('groups longer than the target: after a forced cut the next key frame begins a piece, and is told of', () => {
    const { it, pieces } = segmenter(4, 4);
    for (const frame of programme(60, 25, 200)) it.onFrame(frame); // 8 s
    expect(pieces.length).toBeGreaterThan(10);
    expect(pieces.map(startsWithKey)).toEqual(pieces.map((_, i) => i % 2 === 0));
    expect(pieces.map(({ independent }) => independent)).toEqual(pieces.map(startsWithKey));
    expect(it.forcedCuts).toBe(pieces.filter((_, i) => i % 2 === 1).length);
    for (const { duration } of pieces) expect(Math.round(duration)).toBeLessThanOrEqual(4);
  });

  test('a key frame sooner than 100 ms after a forced cut: no piece of its own, nothing is longer than the target', () => {
    const { it, pieces } = segmenter(4, 4);
    for (const frame of programme(60, 25, 111)) it.onFrame(frame); // 4.44 s, cut at 4.4 s
    for (const { duration } of pieces) {
      expect(duration).toBeGreaterThanOrEqual(0.1);
      expect(Math.round(duration)).toBeLessThanOrEqual(4);
    }
    expect(pieces.filter(({ independent }) => independent).length).toBeGreaterThan(pieces.length / 4);
    expect(pieces.map(({ independent }) => independent)).toEqual(pieces.map(startsWithKey));
  });

  test('sound alone: players can begin with every piece', () => {
    const { it, pieces } = segmenter(1, 1);
    it.onFrame(aacConfig(0));
    for (let at = 0; at < 8000; at += 20) it.onFrame(aacFrame(at));
    expect(pieces.every(({ independent }) => independent)).toBe(true);
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
      const counters = new Map<number, number>();
      for (const { bytes } of pieces) expect(checkTs(bytes, counters).faults, `rest ${rest}`).toEqual([]);
    }
  });

  test('another publish whose clock begins anew: its last piece is as long as it is', () => {
    const { it, pieces } = segmenter(4, 4);
    for (const frame of programme(25, 25, 50)) it.onFrame(frame);
    it.finish();
    for (const frame of programme(5, 25, 50)) it.onFrame(frame);
    it.finish();
    expect(pieces.slice(-2).map(({ start, duration }) => [start, duration])).toEqual([
      [0, 4],
      [4000, 1],
    ]);
  });

  test('a last picture that begins a piece alone is as long as the one before it', () => {
    const { it, pieces } = segmenter(2, 3);
    it.onFrame(avcConfig(0));
    for (let i = 0; i <= 8; i++) it.onFrame(i % 4 === 0 ? avcKey(i * 500) : avcInter(i * 500));
    it.finish();
    expect(pieces.map(({ duration }) => duration)).toEqual([2, 2, 0.5]);
    expect(pieces.flatMap(({ bytes }) => checkTs(bytes).stamps.get(0x100) ?? [])).toHaveLength(9);
  });

  test('a first publish too short for a segment leaves no discontinuity', () => {
    const { it, pieces } = segmenter(1, 1);
    it.onFrame(aacConfig(0));
    it.onFrame(aacFrame(0));
    it.finish();
    for (let at = 2000; at <= 4000; at += 20) it.onFrame(aacFrame(at));
    expect(pieces[0]?.discontinuity).toBe(false);
  });

  const HOUR = 3_600_000;

  test.each([
    ['both at once', 0, 0],
    ['sound later', 200, 0],
    ['pictures later', 0, 200],
  ])(
    'RFC 8216 §4.3.2.3: the clock leaps, %s: the piece ends there, and what follows has a discontinuity',
    (_, sound, pictures) => {
      const { it, pieces } = segmenter(2, 2);
      for (const frame of programme(16, 25, 50)) {
        const from = 9000 + (frame.kind === 'audio' ? sound : pictures);
        it.onFrame(frame.dts < from || frame.role === 'config' ? frame : { ...frame, dts: ms(frame.dts + HOUR) });
      }
      it.finish();
      const at = pieces.findIndex(({ start }) => start >= HOUR);
      expect(pieces.map(({ discontinuity }) => discontinuity)).toEqual(pieces.map((_, i) => i === at));
      // Of a group of 2 s the first half is before it, and the second one behind.
      const parts = pieces.slice(at - 1, at + 2).map(({ duration }) => Math.round(duration));
      expect(parts).toEqual([1, 1, 2]);
      expect(startsWithKey(pieces[at + 1] as Piece)).toBe(true);
      for (const { bytes, start, duration } of pieces)
        for (const stamp of [...checkTs(bytes).stamps.values()].flat())
          expect(Math.abs(stamp.dts / 90 - start - (duration * 1000) / 2), `${stamp.dts}`).toBeLessThan(1500);
    },
  );

  test('the clock leaps where pieces are on a grid: the next one begins at a point of it', () => {
    const { it, pieces } = segmenter(2, 4, {
      isAligned: () => true,
      isDue: (start, at) => Math.floor(at / 2000) > Math.floor(start / 2000),
    });
    for (const frame of programme(20, 25, 25))
      it.onFrame(frame.dts < 9000 ? frame : { ...frame, dts: ms(frame.dts + HOUR + 500) });
    const starts = pieces.map(({ start }) => start);
    expect(starts.slice(0, 4)).toEqual([2000, 4000, 6000, 8000]);
    expect(starts.slice(4)).toEqual([0, 1, 2, 3].map((n) => HOUR + 10_500 + n * 2000));
    expect(pieces.findIndex(({ discontinuity }) => discontinuity)).toBe(4);
  });

  test('tracks on clocks that have nothing to do with each other: both are there', () => {
    const { it, pieces } = segmenter(2, 2);
    for (const frame of programme(20, 25, 50))
      it.onFrame(frame.kind === 'audio' ? frame : { ...frame, dts: ms(frame.dts + HOUR) });
    expect(pieces.length).toBeGreaterThan(5);
    for (const { bytes } of pieces.slice(2))
      expect([...checkTs(bytes).stamps.keys()].toSorted()).toEqual([0x100, 0x101]);
    expect(pieces.filter(({ discontinuity }) => discontinuity).length).toBeLessThan(2);
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

  test('sound with another configuration while pictures run: both begin with the next segment', () => {
    const { it, pieces } = segmenter(2, 2);
    for (const frame of programme(5, 25, 50)) {
      if (frame.dts === 3000 && frame.kind === 'video') it.onFrame(aacConfig(3000, 3));
      it.onFrame(frame);
    }
    it.finish();
    const rates = (piece: Piece | undefined): Set<number> => {
      const found = new Set<number>();
      for (let at = 0; at + 2 < (piece?.bytes.length ?? 0); at++)
        if (piece?.bytes[at] === 0xff && piece.bytes[at + 1] === 0xf1)
          found.add(((piece.bytes[at + 2] as number) >> 2) & 15);
      return found;
    };
    expect(pieces.map(({ duration, discontinuity }) => [Math.floor(duration), discontinuity])).toEqual([
      [2, false],
      [2, false],
      [1, true],
    ]);
    expect(pieces.map((piece) => [...rates(piece)])).toEqual([[4], [4], [3]]);
  });

  test.each([
    ['audio', [0x0f, 0xe1, 0x01]],
    ['video', [0x1b, 0xe1, 0x00]],
  ] as const)('%s that is announced and does not come is not in the tables, and holds nothing up', (kind, entry) => {
    const { it, pieces } = segmenter(2, 2);
    const others = [...programme(12, 25, 50)].filter((frame) => frame.kind !== kind || frame.role === 'config');
    for (const frame of others) it.onFrame(frame);
    it.finish();
    expect(pieces.length).toBeGreaterThanOrEqual(5);
    for (const { bytes, duration, independent } of pieces.slice(0, 5)) {
      expect(bytes.subarray(0, 376).includes(Buffer.from(entry))).toBe(false);
      expect([Math.round(duration), independent]).toEqual([2, true]);
    }
  });

  test('sound that is announced is waited for: up to 3 s it is there from the first segment on', () => {
    const { it, pieces } = segmenter(4, 4);
    for (const frame of programme(20, 25, 100))
      if (frame.kind !== 'audio' || frame.role === 'config' || frame.dts > 2500) it.onFrame(frame);
    it.finish();
    expect(pieces.map(({ discontinuity }) => discontinuity)).not.toContain(true);
    expect(pieces.every(({ bytes }) => checkTs(bytes).pids.has(0x101))).toBe(true);
  });

  test.each(['audio', 'video'] as const)('%s that is not wanted is not waited for', (unwanted) => {
    const { it, pieces } = segmenter(0.4, 1, { carries: (kind) => kind !== unwanted });
    for (const frame of programme(0.6, 25, 10)) it.onFrame(frame);
    expect(pieces.map(({ duration }) => duration)).toHaveLength(1);
  });

  test('sound whose configuration cannot be read is left out and not announced, until a better one comes', () => {
    const { it, pieces, complaints } = segmenter(2, 2);
    const config = aacConfig(0);
    const unreadable = { ...config, payload: freeze(Buffer.from('af001180', 'hex')) };
    for (const frame of programme(6, 25, 50)) {
      if (frame.dts === 2000 && frame.kind === 'video') it.onFrame(aacConfig(2000));
      it.onFrame(frame.role === 'config' && frame.kind === 'audio' ? unreadable : frame);
    }
    it.finish();
    expect(complaints).toEqual(['aac']);
    expect(pieces.map(({ bytes }) => checkTs(bytes).pids.has(0x101))).toEqual([false, true, true]);
    expect(pieces.map(({ bytes }) => bytes.subarray(0, 376).includes(Buffer.from([0x0f, 0xe1, 0x01])))).toEqual([
      false,
      true,
      true,
    ]);
    expect(pieces.map(({ discontinuity }) => discontinuity)).toEqual([false, true, false]);
  });

  test('key frames with another SPS than before: cut there, with a discontinuity', () => {
    const { it, pieces } = segmenter(4, 4);
    it.onFrame(avcRecord(AVC.small.sps, AVC.small.pps));
    for (let at = 0; at < 6000; at += 40) {
      // The first picture is not that of the configuration: there is nothing before it to differ from.
      const { sps, pps } = at >= 2000 && at < 4000 ? AVC.small : AVC.big;
      const isKey = at % 1000 === 0;
      it.onFrame(avcMessage(at, lengthPrefixed(isKey ? [sps, pps, '6588843f'] : ['419a2423']), isKey));
    }
    it.finish();
    expect(pieces.map(({ duration, discontinuity }) => [duration, discontinuity])).toEqual([
      [2, false],
      [2, true],
      [2, true],
    ]);
    expect(pieces.map(({ bytes }) => accessUnits(bytes)[0]?.[1])).toEqual([AVC.big.sps, AVC.small.sps, AVC.big.sps]);
  });

  test.each(['key', 'inter'] as const)(
    'another SPS in an %s message of its own: cut at its picture, nobody complains',
    (role) => {
      const { it, pieces, complaints } = segmenter(2, 2);
      const { small, big } = AVC;
      it.onFrame(avcRecord(small.sps, small.pps));
      for (let at = 0; at < 5000; at += 40) {
        const isKey = at % 1000 === 0;
        const { sps, pps } = at < 3000 ? small : big;
        if (isKey) it.onFrame(avcMessage(at, lengthPrefixed([sps, pps]), role === 'key'));
        it.onFrame(avcMessage(at, lengthPrefixed(['0605ff80']), false));
        it.onFrame(avcMessage(at, lengthPrefixed(isKey ? ['6588843f'] : ['419a2423']), isKey));
        it.onFrame(avcMessage(at, Buffer.alloc(0), false));
      }
      it.finish();
      expect(complaints).toEqual([]);
      expect(pieces.map(({ duration, discontinuity, independent }) => [duration, discontinuity, independent])).toEqual([
        [2, false, true],
        [1, false, true],
        [2, true, true],
      ]);
      expect(pieces.map(({ bytes }) => accessUnits(bytes)[0]?.slice(1))).toEqual([
        [small.sps, small.pps, '0605ff80', '6588843f'],
        [small.sps, small.pps, '0605ff80', '6588843f'],
        [big.sps, big.pps, '0605ff80', '6588843f'],
      ]);
    },
  );

  test('a piece that grows too big is cut, and counted', () => {
    const { it, pieces } = segmenter(10, 10, { maxBytes: () => 20_000 });
    for (const frame of programme(10, 25, 1000)) it.onFrame(frame);
    expect(pieces.length).toBeGreaterThan(3);
    expect(it.forcedCuts).toBe(pieces.length);
    for (const { bytes } of pieces) expect(bytes.length).toBeLessThan(21_000);
  });

  test('hls_wait_keyframe off: cut at any picture', () => {
    const { it, pieces } = segmenter(2, 10, { waitsForKey: () => false });
    for (const frame of programme(9, 25, 1000)) it.onFrame(frame);
    expect(pieces.map(({ duration }) => duration)).toEqual([2, 2, 2, 2]);
    expect(it.forcedCuts).toBe(0);
  });

  test.each(['audio', 'video'] as const)('without %s, taken away and given back while it runs', (kind) => {
    let wanted = true;
    const { it, pieces } = segmenter(1, 2, { carries: (asked) => asked !== kind || wanted });
    for (const frame of programme(9, 25, 25)) {
      if (frame.dts === 2600) wanted = false;
      if (frame.dts === 5600) wanted = true;
      it.onFrame(frame);
    }
    const pid = kind === 'audio' ? 0x101 : 0x100;
    const has = pieces.map(({ bytes }) => checkTs(bytes).pids.has(pid));
    expect(has[0]).toBe(true);
    expect(has).toContain(false);
    expect(has.at(-1)).toBe(true);
    expect(pieces.filter(({ discontinuity }) => discontinuity)).toHaveLength(2);
    for (const { bytes } of pieces) expect(checkTs(bytes).faults).toEqual([]);
  });

  test('pieces on a grid: the same, whenever the stream was joined; what comes before the first point is left out', () => {
    const grid = {
      isAligned: () => true,
      isDue: (start: number, at: number) => Math.floor(at / 2000) > Math.floor(start / 2000),
    };
    const stamps = (joined: number) => {
      const { it, pieces } = segmenter(2, 4, grid);
      for (const frame of programme(21, 30_000 / 1001, 30, 777))
        if (frame.role === 'config' || frame.dts >= joined) it.onFrame(frame);
      return pieces.map(({ start, duration }) => `${start}+${duration}`);
    };
    const [all, late] = [stamps(0), stamps(7400)];
    expect(late.length).toBeGreaterThan(4);
    expect(all.slice(-late.length)).toEqual(late);
    expect(all.length).toBe(9);
  });

  test('empty messages, as Flash sends for silence, are no codec that is left out', () => {
    const { it, pieces, complaints } = segmenter(1, 1);
    for (const frame of programme(3, 25, 25)) {
      it.onFrame(frame);
      for (const empty of [aacFrame(frame.dts), avcInter(frame.dts)])
        it.onFrame({ ...empty, codec: 'none', payload: freeze(Buffer.alloc(0)) });
    }
    expect(complaints).toEqual([]);
    expect(it.leftOut.size).toBe(0);
    expect(pieces.length).toBe(2);
  });

  test('a damaged frame is left out and complained of once a publish; halted, nothing is made until the next one', () => {
    const { it, pieces, complaints } = segmenter(1, 1);
    const broken: Frame = { ...avcInter(40), payload: freeze(Buffer.from([0x27, 1, 0, 0, 0, 0, 0, 9, 9, 1])) };
    for (const frame of programme(3, 25, 25)) {
      it.onFrame(frame);
      if (frame.kind === 'video') it.onFrame({ ...broken, dts: frame.dts });
    }
    expect(complaints).toEqual(['avc frame']);
    it.halt();
    const before = pieces.length;
    for (const frame of programme(3, 25, 25, 4000)) it.onFrame(frame);
    expect(pieces.length).toBe(before);
    it.finish();
    for (const frame of programme(3, 25, 25, 8000)) it.onFrame(frame);
    expect(pieces.slice(before).map(({ discontinuity }) => discontinuity)).toEqual([true, false]);
  });
});
