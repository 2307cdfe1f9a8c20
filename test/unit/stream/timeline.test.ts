import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Timeline, type TimelineMode } from '../../../src/stream/timeline.js';

const full: TimelineMode = { startAtZero: true, repairLeaps: true };
const own: TimelineMode = { startAtZero: false, repairLeaps: false };

type Step = readonly ['audio' | 'video', wire: number, arrival?: number];

function run(mode: TimelineMode, steps: readonly Step[]): number[] {
  const timeline = new Timeline(mode);
  let arrival = 0;
  return steps.map(([kind, wire, at]) => {
    arrival = at ?? arrival + 1;
    return timeline.stamp(kind, wire >>> 0, arrival);
  });
}

/** Video every 40 ms from `start`, with `change` applied to the time from frame 10 on. */
const video = (start: number, change: number): Step[] =>
  Array.from({ length: 20 }, (_, i) => ['video', start + i * 40 + (i >= 10 ? change : 0)] as const);

describe('Timeline', () => {
  test('starts at 0 and follows the encoder', () => {
    expect(
      run(full, [
        ['video', 5000],
        ['audio', 5010],
        ['video', 5040],
      ]),
    ).toEqual([0, 10, 40]);
  });

  test('audio that starts 2 s late keeps its offset (R10)', () => {
    expect(
      run(full, [
        ['video', 0],
        ['video', 2000, 2000],
        ['audio', 2003],
      ]),
    ).toEqual([0, 2000, 2003]);
  });

  test('audio a little before the first video frame is held at 0, and right from then on', () => {
    expect(
      run(full, [
        ['video', 1000],
        ['audio', 980],
        ['audio', 1003],
      ]),
    ).toEqual([0, 0, 3]);
  });

  test.each([
    ['24 bits', 0xffffff],
    ['31 bits', 0x7fffffff],
    ['32 bits', 0xffffffff],
  ])('crosses the edge of %s without a step (R5)', (_, edge) => {
    const outs = run(full, video(edge - 390, 0));
    expect(outs).toEqual(outs.map((_, i) => i * 40));
  });

  test('a clock that wraps at 31 bits to 0 goes on', () => {
    const outs = run(full, [
      ['video', 0x7fffffff - 40],
      ['video', 0x7fffffff],
      ['video', 39],
      ['video', 79],
    ]);
    expect(outs).toEqual([0, 40, 80, 120]);
  });

  test('a step back of 1 ms is held, not followed', () => {
    expect(
      run(full, [
        ['video', 100],
        ['video', 140],
        ['video', 139],
        ['video', 180],
      ]),
    ).toEqual([0, 40, 40, 80]);
  });

  test.each([-500, -10_000, 3_600_000, -3_600_000])('a leap of %i ms is closed', (leap) => {
    const outs = run(full, video(20_000_000, leap));
    expect(outs).toEqual(outs.map((_, i) => i * 40));
  });

  /** Sound with the pictures of an encoder that sends these, over and over, later by `every` each time. */
  const shaken = (times: readonly number[], every: number): [sound: number, picture: number] => {
    const timeline = new Timeline(full);
    const last: [number, number] = [0, 0];
    for (let round = 0; round < 100; round++)
      for (const [i, time] of times.entries()) {
        const arrival = round * every + (i * every) / times.length;
        last[1] = timeline.stamp('video', 1000 + round * every + time, arrival);
        last[0] = timeline.stamp('audio', 1000 + Math.round(arrival), arrival);
      }
    return last;
  };
  test.each([
    ['one time in ten 600 ms too early', [0, 100, 200, 300, 400, -100, 600, 700, 800, 900], 1000],
    ['in the order of decoding, 5 frames a second', [800, 400, 200, 600], 800],
    ['of two tracks that are 300 ms apart', [300, 0], 40],
  ])('pictures %s stay with the sound', (_, times, every) => {
    const [sound, picture] = shaken(times, every);
    expect(Math.abs(picture - sound)).toBeLessThan(1000);
  });

  test('a clock that is set back for good, at one picture a second: both tracks stay together', () => {
    const timeline = new Timeline(full);
    let apart = 0;
    for (let at = 0; at < 60_000; at += 20) {
      const wire = 100_000 + at - (at > 30_000 ? 3000 : 0);
      const sound = timeline.stamp('audio', wire, at);
      if (at % 1000 === 0) apart = Math.abs(timeline.stamp('video', wire, at) - sound);
    }
    expect(apart).toBeLessThan(50);
  });

  test('both tracks leap: the offset between them stays (R4)', () => {
    const steps: Step[] = [];
    for (let i = 0; i < 40; i++)
      steps.push(['video', i * 40 + (i >= 20 ? 1e7 : 0)], ['audio', i * 40 + 7 + (i >= 20 ? 1e7 : 0)]);
    const outs = run(full, steps);
    const pairs = outs.flatMap((out, i) => (i % 2 === 0 ? [(outs[i + 1] ?? 0) - out] : []));
    expect(new Set(pairs)).toEqual(new Set([7]));
  });

  test('a pause of the encoder as long as the wall clock says is kept', () => {
    expect(
      run(full, [
        ['video', 0, 0],
        ['video', 40, 40],
        ['video', 8040, 8040],
      ]),
    ).toEqual([0, 40, 8040]);
  });

  /** Both tracks every 40 ms, as they arrive. */
  const av = (from: number, to: number, arrival = from): Step[] =>
    Array.from({ length: (to - from) / 40 }, (_, i) => [
      ['video', from + i * 40, arrival + i * 40] as const,
      ['audio', from + i * 40 + 5, arrival + i * 40 + 1] as const,
    ]).flat();
  const only = (steps: readonly Step[], kind: 'audio' | 'video'): Step[] => steps.filter(([of]) => of === kind);

  test.each<[string, Step[]]>([
    ['video alone pauses', [...av(0, 2000), ...only(av(2000, 12_000), 'audio'), ...av(12_000, 14_000)]],
    ['audio alone pauses', [...av(0, 2000), ...only(av(2000, 12_000), 'video'), ...av(12_000, 14_000)]],
    ['both pause, and one comes first', [...av(0, 2000), ...av(6000, 8000)]],
    ['a stall of the network, then all at once', [...av(0, 2000), ...av(2000, 6000, 6000), ...av(6000, 8000, 10_000)]],
    [
      'a picture every 4 s',
      [...av(0, 40), ...av(40, 20_000).filter(([of, wire]) => of === 'audio' || wire % 4000 === 0)],
    ],
    ['one frame of audio long before the rest', [['audio', 0, 0], ...av(10_000, 12_000, 100)]],
    ['both leap an hour', [...av(0, 2000), ...av(3_602_000, 3_604_000, 2000)]],
  ])('A/V stays in sync: %s (R4)', (_, steps) => {
    const outs = run(full, steps);
    const shift = (of: 'audio' | 'video') => {
      const last = steps.findLastIndex(([kind]) => kind === of);
      return (outs[last] ?? 0) - (steps[last]?.[1] ?? 0);
    };
    expect(shift('audio')).toBe(shift('video'));
    expect(outs.at(-1)).toBeLessThan(20_100);
  });

  test('one frame per second is not a leap', () => {
    expect(
      run(full, [
        ['video', 0, 0],
        ['video', 1000, 1],
        ['video', 2000, 2],
      ]),
    ).toEqual([0, 1000, 2000]);
  });

  test('a republish goes on where the stream was, whatever its clock', () => {
    const timeline = new Timeline(full);
    timeline.stamp('video', 0, 0);
    timeline.stamp('video', 5000, 5000);
    timeline.beginPublish();
    expect(timeline.stamp('video', 0, 6000)).toBe(5020);
    expect(timeline.stamp('audio', 10, 6001)).toBe(5030);
    expect(timeline.stamp('video', 40, 6040)).toBe(5060);
  });

  test('time_jitter off and atc keep the encoder’s clock and its leaps ahead, never a step back', () => {
    expect(
      run(own, [
        ['video', 5000],
        ['video', 5040],
        ['video', 9e6],
        ['video', 8e6],
      ]),
    ).toEqual([5000, 5040, 9e6, 9e6 + 40]);
  });

  test('whatever comes, no track ever goes back', () => {
    const step = fc.tuple(fc.constantFrom('audio' as const, 'video' as const), fc.integer({ min: 0, max: 0xffffffff }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(full, own), (steps, mode) => {
        const last = { audio: 0, video: 0 };
        run(mode, steps).forEach((out, i) => {
          const kind = (steps[i] as Step)[0];
          expect(out).toBeGreaterThanOrEqual(last[kind]);
          expect(Number.isSafeInteger(out)).toBe(true);
          last[kind] = out;
        });
      }),
    );
  });
});
