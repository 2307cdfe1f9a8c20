import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Frame, freeze, ms } from '../../../../src/core/index.js';
import { ADTS_BYTES, readAacConfig, writeAdts } from '../../../../src/protocol/aac/index.js';
import { FlvReader, readAudioTag, readVideoTag, TagType } from '../../../../src/protocol/flv/index.js';
import { FrameMuxer } from '../../../../src/protocol/mpegts/index.js';
import { SampleClock } from '../../../../src/protocol/mpegts/sample-clock.js';
import { aacConfig, aacFrame, avcConfig, avcKey, mp3Frame } from '../../../support/coded.js';
import { AVC, avcRecord } from '../../../support/nals.js';
import { checkTs } from '../../../support/ts-check.js';

const golden = (name: string) => join(import.meta.dirname, '../../../golden/flv', name);

/** Frames of a file that a real encoder wrote, from a start time on. */
function framesOf(name: string, start = 0): Frame[] {
  return new FlvReader().push(readFileSync(golden(name))).flatMap(({ type, timestamp, payload }): Frame[] => {
    if (type === TagType.script) return [];
    const kind = type === TagType.video ? 'video' : 'audio';
    const info = kind === 'video' ? readVideoTag(payload) : readAudioTag(payload);
    return [{ ...info, kind, dts: ms(start + timestamp), payload }];
  });
}

function mux(
  frames: readonly Frame[],
  muxer = new FrameMuxer(),
  tracks = { video: 'avc', audio: 'aac' } as const,
): Buffer {
  muxer.begin(tracks);
  for (const frame of frames) {
    const read = frame.role === 'config' ? FrameMuxer.read(frame) : undefined;
    if (read !== undefined) muxer.configure(read);
    else if (frame.role !== 'config' && frame.role !== 'end') muxer.write(frame);
  }
  return muxer.take();
}

describe('transport stream (ISO/IEC 13818-1)', () => {
  for (const name of ['ffmpeg-5.1.9-h264-aac.flv', 'gstreamer-1.22.0-h264-aac.flv'])
    test(`${name}: packets, counters, clock and times are right`, () => {
      const frames = framesOf(name).filter((f) => f.role !== 'end');
      const report = checkTs(mux(frames));
      expect(report.faults).toEqual([]);
      expect([...report.pids].sort((a, b) => a - b)).toEqual([0, 0x100, 0x101, 0x1001]);
      const video = frames.filter((f) => f.kind === 'video' && f.role !== 'config');
      expect(report.stamps.get(0x100)).toEqual(video.map((f) => ({ dts: f.dts * 90, pts: (f.dts + f.cts) * 90 })));
      for (const [i, pcr] of report.pcrs.entries())
        if (i > 0) expect(pcr - (report.pcrs[i - 1] as number)).toBeLessThanOrEqual(9000);
    });

  test('counters go on over pieces, each piece has its own tables', () => {
    const muxer = new FrameMuxer();
    const frames = framesOf('ffmpeg-5.1.9-h264-aac.flv');
    const counters = new Map<number, number>();
    for (let i = 0; i < 3; i++) {
      const piece = mux(frames, muxer);
      expect(checkTs(piece, counters).faults).toEqual([]);
      expect(piece.readUInt16BE(1) & 0x1fff).toBe(0);
    }
  });

  test('times beyond 2^33 ticks wrap', () => {
    const edge = Math.floor(2 ** 33 / 90) - 100;
    const report = checkTs(mux(framesOf('ffmpeg-5.1.9-h264-aac.flv', edge)));
    expect(report.faults).toEqual([]);
    const dts = (report.stamps.get(0x101) ?? []).map((s) => s.dts);
    expect(dts[0]).toBeGreaterThan(2 ** 33 - 10_000);
    expect(dts.at(-1)).toBeLessThan(2 ** 20);
  });

  test('audio alone carries the clock; a slow video still has one every 100 ms', () => {
    const frames = framesOf('ffmpeg-5.1.9-h264-aac.flv');
    const audio = checkTs(
      mux(
        frames.filter((f) => f.kind === 'audio'),
        new FrameMuxer(),
        { video: undefined, audio: 'aac' } as never,
      ),
    );
    expect(audio.faults).toEqual([]);
    expect(audio.pids.has(0x100)).toBe(false);
    expect(audio.pcrs.length).toBeGreaterThan(0);
    const slow = frames.filter((f) => f.kind === 'audio' || f.role !== 'inter');
    const { pcrs, faults } = checkTs(mux(slow));
    expect(faults).toEqual([]);
    for (const [i, pcr] of pcrs.entries()) if (i > 0) expect(pcr - (pcrs[i - 1] as number)).toBeLessThanOrEqual(9000);
  });

  test.each([64, 200, 1500])('the clock comes every 100 ms, also between sounds that are %s ms apart', (step) => {
    const config = FrameMuxer.read(aacConfig(0));
    const muxer = new FrameMuxer();
    if (config !== undefined) muxer.configure(config);
    for (const video of [undefined, 'avc'] as const) {
      muxer.begin({ video, audio: 'aac' });
      for (let at = 0; at < 6000; at += step) muxer.write(aacFrame(at));
      const { pcrs, faults } = checkTs(muxer.take());
      expect(faults).toEqual([]);
      expect(pcrs.length).toBeGreaterThan(50);
      for (const [i, pcr] of pcrs.entries()) if (i > 0) expect(pcr - (pcrs[i - 1] as number)).toBeLessThanOrEqual(9000);
    }
  });

  test('the clock comes every 100 ms over the borders of pieces, and with the first picture of each', () => {
    const muxer = new FrameMuxer();
    muxer.begin({ video: 'avc', audio: undefined });
    const clocks = [0, 500, 1000, 30_000].map((at) => {
      const bytes = mux([avcConfig(at), avcKey(at)], muxer, { video: 'avc', audio: undefined } as never);
      return checkTs(bytes).pcrs.map((ticks) => ticks / 90);
    });
    expect(clocks.map((pcrs) => pcrs.at(-1))).toEqual([0, 500, 1000, 30_000]);
    const first = clocks.slice(0, 3).flat();
    for (const [i, at] of first.entries()) if (i > 0) expect(at - (first[i - 1] as number)).toBeLessThanOrEqual(100);
    // A leap is not bridged.
    expect(clocks[3]).toHaveLength(1);
  });

  test('MP3 has a PID of its own, and carries the clock alone', () => {
    const muxer = new FrameMuxer();
    muxer.begin({ video: undefined, audio: 'mp3' });
    muxer.write(mp3Frame(0));
    const { faults, pcrs, pids } = checkTs(muxer.take());
    expect([faults, pcrs.length, [...pids]]).toEqual([[], 1, [0, 0x1001, 0x102]]);
  });

  test('a payload of any size fills its packets exactly', () => {
    const [config] = framesOf('ffmpeg-5.1.9-h264-aac.flv').filter((f) => f.kind === 'audio' && f.role === 'config');
    const read = config && FrameMuxer.read(config);
    if (read === undefined) throw new Error('the file has no AAC configuration');
    for (let size = 1; size < 600; size++) {
      const muxer = new FrameMuxer();
      muxer.configure(read);
      muxer.begin({ video: undefined, audio: 'aac' });
      const payload = freeze(Buffer.concat([Buffer.from('af01', 'hex'), Buffer.alloc(size, 7)]));
      muxer.write({ kind: 'audio', codec: 'aac', role: 'audio', track: 0, cts: ms(0), dts: ms(5), payload });
      expect(checkTs(muxer.take()).faults).toEqual([]);
    }
  });

  describe('pictures to be shown before the encoder decodes them, as its decode times are not set back', () => {
    /** As x264 would send it without setting the decode times back: the key frame is shown when it is decoded. */
    const set = (frames: readonly Frame[], start = 0): Frame[] => {
      const first = frames.find((f) => f.role === 'key')?.cts ?? 0;
      return frames.map((f) =>
        f.role === 'config' ? f : { ...f, dts: ms(start + f.dts + first), cts: ms(f.cts - first) },
      );
    };
    const pictures = set(framesOf('ffmpeg-5.1.9-h264-pyramid.flv').filter((f) => f.role !== 'end'));
    const shown = (frames: readonly Frame[]) =>
      frames.filter((f) => f.role !== 'config').map((f) => (f.dts + f.cts) * 90);
    const rising = (times: readonly number[]) => times.every((at, i) => i === 0 || at > (times[i - 1] as number));

    test('every picture keeps the time at which it is shown, but for the first that is shown too early', () => {
      const sounds = Array.from({ length: 95 }, (_, i) => aacFrame(i * 21));
      const frames = [aacConfig(0), ...[...pictures, ...sounds].toSorted((a, b) => a.dts - b.dts)];
      const { faults, stamps, pcrs } = checkTs(mux(frames));
      expect(faults).toEqual([]);
      const video = stamps.get(0x100) ?? [];
      const wanted = shown(pictures);
      expect(video.map(({ pts }, i) => pts === wanted[i]).filter((same) => !same)).toHaveLength(1);
      expect(video.slice(4).map(({ pts }) => pts)).toEqual(wanted.slice(4));
      expect(new Set(video.map(({ pts }) => pts)).size).toBe(50);
      expect(rising(video.map(({ dts }) => dts))).toBe(true);
      expect(video.every(({ pts, dts }) => pts >= dts && dts < 90 * 3000)).toBe(true);
      expect(stamps.get(0x101)?.map(({ pts }) => pts)).toEqual(sounds.map((f) => f.dts * 90));
      for (const [i, pcr] of pcrs.entries()) {
        expect(pcr - (pcrs[i - 1] ?? pcr)).toBeGreaterThanOrEqual(0);
        expect(pcr - (pcrs[i - 1] ?? pcr)).toBeLessThanOrEqual(9000);
      }
    });

    test('from the very start of the clock: no time below 0', () => {
      const early = pictures.map((f, i) => (i === 1 ? { ...f, dts: ms(0), cts: ms(-40) } : f));
      const video = checkTs(mux(early)).stamps.get(0x100) ?? [];
      expect(video[0]).toEqual({ pts: 0, dts: 0 });
      expect(rising(video.map(({ dts }) => dts))).toBe(true);
    });

    test('the same configuration again changes nothing, another one begins anew, and so does a clock that leaps', () => {
      const muxer = new FrameMuxer();
      mux(pictures, muxer);
      const again = set(pictures, 2000);
      const times = (frames: readonly Frame[]) => checkTs(mux(frames, muxer)).stamps.get(0x100) ?? [];
      expect(times(again).map(({ pts }) => pts)).toEqual(shown(again));
      const back = set(pictures, 100);
      expect(times(back).map(({ pts }) => pts)).toEqual(shown(back));
      const [config, ...rest] = set(pictures, 5000) as [Frame, ...Frame[]];
      const other = { ...config, payload: freeze(Buffer.concat([config.payload, Buffer.of(0)])) };
      expect(times([other, ...rest])[0]).toEqual({ pts: 5080 * 90, dts: 5080 * 90 });
    });
  });

  test('damaged and unannounced frames are left out and counted; those with nothing in them only left out', () => {
    const muxer = new FrameMuxer();
    muxer.begin({ video: 'avc', audio: 'aac' });
    const base = { kind: 'video', codec: 'avc', role: 'key', track: 0, cts: ms(0), dts: ms(0) } as const;
    const outcomes = (...texts: string[]) =>
      texts.map((hex) => muxer.write({ ...base, payload: freeze(Buffer.from(hex, 'hex')) }));
    expect(outcomes('17', '17010000000000000265')).toEqual(['damaged', 'damaged']);
    const read = FrameMuxer.read(avcRecord(AVC.small.sps, AVC.small.pps));
    if (read !== undefined) muxer.configure(read);
    expect(outcomes('17', '1701000000000000ff65', '17010000000000000265')).toEqual(['damaged', 'damaged', 'damaged']);
    expect(muxer.skipped).toBe(5);
    const sets = `00000018${AVC.small.sps}00000006${AVC.small.pps}`;
    expect(outcomes('1701000000', `1701000000${sets}`, '2701000000000000040605ff80', '270100000000000000')).toEqual(
      Array.from({ length: 4 }, () => 'nothing'),
    );
    const sound = { ...aacFrame(0), payload: freeze(Buffer.from('af01', 'hex')) };
    expect([muxer.write(sound), muxer.write(aacFrame(0))]).toEqual(['nothing', 'damaged']);
    expect(muxer.skipped).toBe(6);
  });

  test('frames of AAC that come with their ADTS header keep it, with a configuration and without one', () => {
    const frames = framesOf('ffmpeg-5.1.9-h264-aac.flv').filter((f) => f.kind === 'audio');
    const config = readAacConfig((frames[0] as Frame).payload.subarray(2));
    const withHeader = frames.map((frame): Frame => {
      if (frame.role === 'config') return frame;
      const header = Buffer.alloc(ADTS_BYTES);
      writeAdts(header, 0, config, frame.payload.length - 2);
      return { ...frame, payload: freeze(Buffer.concat([Buffer.of(0xaf, 1), header, frame.payload.subarray(2)])) };
    });
    const alone = { video: undefined, audio: 'aac' } as never;
    const wanted = mux(frames, new FrameMuxer(), alone);
    expect(mux(withHeader, new FrameMuxer(), alone).equals(wanted)).toBe(true);
    expect(mux(withHeader.slice(1), new FrameMuxer(), alone).equals(wanted)).toBe(true);
  });

  test('times of AAC counted by samples: steps of 1024 samples, not of whole milliseconds', () => {
    const frames = framesOf('ffmpeg-5.1.9-h264-aac.flv', 1000).filter((f) => f.kind === 'audio');
    const muxer = new FrameMuxer();
    muxer.countsSamples = true;
    const dts = (checkTs(mux(frames, muxer, { video: undefined, audio: 'aac' } as never)).stamps.get(0x101) ?? []).map(
      (s) => s.dts,
    );
    expect(dts.length).toBeGreaterThan(15);
    for (const [i, at] of dts.entries())
      expect(Math.abs(at - (dts[0] as number) - (i * 90_000 * 1024) / 44_100)).toBeLessThanOrEqual(0.5);
  });
});

describe('times counted by samples', () => {
  test('follow the encoder where it is more than 100 ms away, and never go back', () => {
    const clock = new SampleClock();
    expect([0, 1900, 3900].map((sent) => clock.next(sent, 48_000))).toEqual([0, 1920, 3840]);
    expect(clock.next(30_000, 48_000)).toBe(30_000);
    expect(clock.next(1000, 48_000)).toBe(30_000);
    expect(clock.next(2900, 48_000)).toBe(30_000);
    clock.reset();
    expect(clock.next(50_000, 44_100)).toBe(50_000);
  });
});
