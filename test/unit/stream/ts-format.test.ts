import { describe, expect, test } from 'vitest';
import type { Frame } from '../../../src/core/index.js';
import { ms } from '../../../src/core/index.js';
import {
  chunked,
  FanoutGovernor,
  type Framing,
  plain,
  type Selection,
  TsFormat,
  Viewer,
} from '../../../src/stream/index.js';
import { WireLog, type WireLogSettings } from '../../../src/stream/wire-log.js';
import { aacConfig, aacFrame, avcConfig, avcInter, avcKey, mp3Frame } from '../../support/coded.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeSink } from '../../support/fake-sink.js';
import { AVC, accessUnits, avcMessage, avcRecord, lengthPrefixed } from '../../support/nals.js';
import { checkTs } from '../../support/ts-check.js';

const settings: WireLogSettings = {
  maxLag: ms(10_000),
  maxBytes: 1e8,
  window: ms(0),
  minLatency: false,
  minInterval: 0,
  startFromCache: true,
};

function logOf(selection: Selection = 'all', framing: Framing = plain, more: Partial<WireLogSettings> = {}) {
  const clock = new FakeClock();
  return new WireLog(new TsFormat(selection, framing), clock, new FanoutGovernor(clock), { ...settings, ...more });
}

function join(log: WireLog, headers: readonly Frame[] = []) {
  const sink = new FakeSink();
  const viewer = new Viewer(sink);
  log.join(viewer, headers);
  return { viewer, sink, bytes: () => Buffer.from(sink.text, 'latin1') };
}

const headers = [avcConfig(0), aacConfig(0)];

/** 25 pictures and 25 audio frames a second, a key frame each second. */
function feed(log: WireLog, from: number, count: number, video = true): void {
  for (let i = from; i < from + count; i++) {
    if (video) log.append(i % 25 === 0 ? avcKey(i * 40) : avcInter(i * 40), headers);
    log.append(aacFrame(i * 40 + 5), headers);
    log.settle();
  }
}

const pidsOf = (ts: Buffer): number[] =>
  Array.from({ length: ts.length / 188 }, (_, i) => ts.readUInt16BE(i * 188 + 1) & 0x1fff);

describe('MPEG-TS as a wire format', () => {
  test.each([0, 1, 13, 25, 26, 49])(
    'who joins at frame %i starts with the tables and a key frame; no counter is wrong',
    (at) => {
      const log = logOf();
      feed(log, 0, at);
      const viewer = join(log, headers);
      feed(log, at, 60);
      const ts = viewer.bytes();
      const { faults, stamps, pcrs } = checkTs(ts);
      expect(faults).toEqual([]);
      expect(pidsOf(ts).slice(0, 3)).toEqual([0, 0x1001, 0x100]);
      expect((stamps.get(0x100)?.[0]?.dts ?? -1) % 90_000).toBe(0);
      expect(stamps.get(0x100)?.length).toBe(at + 60 - Math.floor(Math.max(0, at - 1) / 25) * 25);
      for (const [i, pcr] of pcrs.entries()) if (i > 0) expect(pcr - (pcrs[i - 1] as number)).toBeLessThanOrEqual(9000);
    },
  );

  test('two viewers get the same bytes, though one joined in the middle of a batch', () => {
    const log = logOf('all', plain, { window: ms(300) });
    const first = join(log, headers);
    feed(log, 0, 5);
    const second = join(log, headers);
    feed(log, 5, 40);
    log.flush();
    expect(checkTs(second.bytes()).faults).toEqual([]);
    expect(first.bytes().equals(second.bytes())).toBe(true);
  });

  test('audio alone: whoever joins gets the tables first, and again within half a second', () => {
    const log = logOf();
    feed(log, 0, 3, false);
    const viewer = join(log, headers);
    feed(log, 3, 50, false);
    const ts = viewer.bytes();
    expect(checkTs(ts).faults).toEqual([]);
    const pids = pidsOf(ts);
    expect(pids.slice(0, 2)).toEqual([0, 0x1001]);
    expect(pids.filter((pid) => pid === 0).length).toBe(1 + Math.floor((50 * 40) / 400));
    expect(new Set(pids).has(0x100)).toBe(true); // the clock of the announced video
  });

  test('without the GOP cache: audio and tables at once, the picture from the next key frame', () => {
    const log = logOf('all', plain, { startFromCache: false });
    feed(log, 0, 30);
    const viewer = join(log, headers);
    feed(log, 30, 40);
    const ts = viewer.bytes();
    const { faults, stamps } = checkTs(ts);
    expect(faults).toEqual([]);
    expect(pidsOf(ts)[0]).toBe(0);
    expect(stamps.get(0x100)?.[0]?.dts).toBe(50 * 40 * 90);
    expect(stamps.get(0x101)?.length).toBe(40);
  });

  test('?only= announces one track; MP3 and a change of the codec are announced when they come, in a new version', () => {
    const audio = logOf('audio');
    const listener = join(audio, headers);
    feed(audio, 0, 30);
    expect([...checkTs(listener.bytes()).pids].toSorted((a, b) => a - b)).toEqual([0, 0x101, 0x1001]);
    const log = logOf();
    const viewer = join(log, [avcConfig(0)]);
    log.append(avcKey(0), [avcConfig(0)]);
    log.append(mp3Frame(10), [avcConfig(0)]);
    log.append(avcInter(40), [avcConfig(0)]);
    log.settle();
    log.append(aacConfig(50), headers);
    log.append(aacFrame(60), headers);
    log.settle();
    const ts = viewer.bytes();
    expect(checkTs(ts).faults).toEqual([]);
    const maps = pidsOf(ts).flatMap((pid, i) => (pid === 0x1001 ? [ts.subarray(i * 188 + 5, (i + 1) * 188)] : []));
    expect(maps.map((map) => ((map[5] as number) >> 1) & 31)).toEqual([0, 1]);
    expect(maps.map((map) => map.includes(Buffer.from([0x04, 0xe1, 0x02])))).toEqual([true, false]);
    expect(maps.map((map) => map.includes(Buffer.from([0x0f, 0xe1, 0x01])))).toEqual([false, true]);
  });

  test('in HTTP chunks: no chunk is empty, and their contents are the plain stream', () => {
    const inChunks = logOf('all', chunked);
    const bare = logOf();
    const [a, b] = [join(inChunks, headers), join(bare, headers)];
    for (const log of [inChunks, bare]) feed(log, 0, 30);
    const parts: Buffer[] = [];
    for (let rest = a.bytes(); rest.length > 0; ) {
      const end = rest.indexOf('\r\n');
      const length = Number.parseInt(rest.toString('latin1', 0, end), 16);
      expect(length).toBeGreaterThan(0);
      parts.push(rest.subarray(end + 2, end + 2 + length));
      rest = rest.subarray(end + 4 + length);
    }
    expect(Buffer.concat(parts).equals(b.bytes())).toBe(true);
  });

  test('a viewer that falls behind goes on at a key frame, with the tables in front', () => {
    const log = logOf('all', plain, { maxLag: ms(2000) });
    const { viewer, sink } = join(log, headers);
    feed(log, 0, 10);
    sink.room = 0;
    feed(log, 10, 190);
    sink.text = '';
    sink.drain();
    viewer.drained();
    expect(viewer.drops).toBe(1);
    feed(log, 200, 20);
    const ts = Buffer.from(sink.text, 'latin1');
    const { faults, stamps } = checkTs(ts);
    expect(faults).toEqual([]);
    expect(pidsOf(ts).slice(0, 3)).toEqual([0, 0x1001, 0x100]);
    expect(stamps.get(0x100)?.[0]?.dts).toBe(175 * 40 * 90);
  });

  test('a broken configuration leaves the picture out and costs the sound nothing', () => {
    const log = logOf();
    const broken = { ...avcConfig(0), payload: avcConfig(0).payload.subarray(0, 7) } as Frame;
    const viewer = join(log, [broken, aacConfig(0)]);
    log.append(avcKey(0), [broken, aacConfig(0)]);
    log.append(aacFrame(5), [broken, aacConfig(0)]);
    log.settle();
    const { faults, stamps } = checkTs(viewer.bytes());
    expect(faults).toEqual([]);
    expect([stamps.get(0x100)?.length ?? 0, stamps.get(0x101)?.length]).toEqual([0, 1]);
    expect(
      viewer
        .bytes()
        .subarray(0, 376)
        .includes(Buffer.from([0x1b, 0xe1, 0x00])),
    ).toBe(false);
  });

  test('parameter sets that a picture brought stay in force when the sound is configured anew', () => {
    const log = logOf();
    const { small, big } = AVC;
    const record = avcRecord(small.sps, small.pps);
    const viewer = join(log, [record, aacConfig(0)]);
    const key = (at: number, nals: string[]) => avcMessage(at, lengthPrefixed([...nals, '6588843f']));
    const append = (frame: Frame, sound: Frame) => {
      log.append(frame, [record, sound]);
      log.settle();
    };
    const [before, after] = [aacConfig(0), aacConfig(50)];
    append(key(0, [big.sps, big.pps]), before);
    append(after, after);
    append(key(1000, []), after);
    expect(accessUnits(viewer.bytes()).map((nals) => nals[1])).toEqual([big.sps, big.sps]);
    append({ ...record }, after);
    append(key(2000, []), after);
    expect(accessUnits(viewer.bytes()).at(-1)?.[1]).toBe(small.sps);
  });
});
