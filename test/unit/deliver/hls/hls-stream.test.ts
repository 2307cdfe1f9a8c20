import { createDecipheriv } from 'node:crypto';
import HLS from 'hls-parser';
import { beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from '../../../../src/config/index.js';
import { freeze } from '../../../../src/core/index.js';
import { HlsStream } from '../../../../src/deliver/hls/hls-stream.js';
import { aacConfig, aacFrame, avcConfig, avcInter, avcKey } from '../../../support/coded.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { checkTs } from '../../../support/ts-check.js';

const files = new Map<string, Buffer>();
const complaints: string[] = [];
let full = 0;

interface Options {
  block?: string;
  stream?: string;
  clock?: FakeClock;
  isAbsolute?: boolean;
}

function make({ block = '', stream = 's', clock = new FakeClock(), isAbsolute = false }: Options): HlsStream {
  const text = `listen 1935; vhost __defaultVhost__ { hls { enabled on; ${block} } }`;
  const vhost = parseConfig(text, 'hls').config.vhosts.get('__defaultVhost__');
  if (vhost === undefined) throw new Error('no vhost');
  const name = { vhost: vhost.name, app: 'live', stream };
  return new HlsStream(name, () => ({ hls: vhost.hls, isAbsolute, utc: true }), clock, {
    file: (path, _kind, bytes) => void (bytes === undefined ? files.delete(path) : files.set(path, bytes)),
    listed: () => undefined,
    leftOut: (codec) => complaints.push(codec),
    memoryFull: () => full++,
  });
}

/** Sound from one time to another, with the clock of the day going along. */
function sound(hls: HlsStream, from: number, until: number, clock = new FakeClock(), size = 0): void {
  hls.segmenter.onFrame(aacConfig(from));
  for (let at = from; at < until; at += 20) {
    clock.advance(20);
    const frame = aacFrame(at);
    const payload = freeze(Buffer.concat([frame.payload, Buffer.alloc(size)]));
    hls.segmenter.onFrame({ ...frame, payload });
  }
}

/** Pictures at 25/s and sound, with key frames at these times. @param each is called after each picture. */
function pictures(hls: HlsStream, until: number, isKey: (at: number) => boolean, each?: (at: number) => void): void {
  hls.segmenter.onFrame(avcConfig(0));
  hls.segmenter.onFrame(aacConfig(0));
  for (let at = 0; at < until; at += 40) {
    hls.segmenter.onFrame(isKey(at) ? avcKey(at) : avcInter(at));
    for (const more of [0, 20]) hls.segmenter.onFrame(aacFrame(at + more));
    each?.(at);
  }
}

/** What EXT-X-START of a playlist points at: the segment, how far within it, and how far from the end, s. */
function startOf(hls: HlsStream): { uri: string; within: number; fromEnd: number } | undefined {
  const { start, segments } = read(hls);
  if (start === undefined) return undefined;
  let from = segments.reduce((sum, { duration }) => sum + duration, 0);
  for (const { uri, duration } of segments) {
    if (from - duration < -start.offset) return { uri, within: from + start.offset, fromEnd: -start.offset };
    from -= duration;
  }
  return undefined;
}

/** Whether the first picture of a segment is a key frame. */
function startsWithKey(uri: string): boolean {
  const bytes = files.get(`/live/${uri}`) ?? Buffer.alloc(0);
  const [idr, other] = [0x65, 0x41].map((type) => bytes.indexOf(Buffer.from([0, 0, 1, type]))) as [number, number];
  return idr >= 0 && (other < 0 || idr < other);
}

const read = (hls: HlsStream, query = ''): HLS.types.MediaPlaylist =>
  HLS.parse(hls.playlist(query) ?? '') as HLS.types.MediaPlaylist;

beforeEach(() => {
  files.clear();
  complaints.length = 0;
  full = 0;
});

describe('the playlist of a stream (RFC 8216)', () => {
  test('groups of 60 pictures at 29.97/s, fragment 4: never cut without a key frame', () => {
    const hls = make({ block: 'hls_fragment 4; hls_window 20;' });
    hls.segmenter.onFrame(avcConfig(0));
    hls.segmenter.onFrame(aacConfig(0));
    let audio = 0;
    for (let i = 0; i < 4000; i++) {
      const at = Math.round((i * 1001) / 30);
      for (; (audio * 1024) / 44.1 < at; audio++) hls.segmenter.onFrame(aacFrame(Math.round((audio * 1024) / 44.1)));
      hls.segmenter.onFrame(i % 60 === 0 ? avcKey(at) : avcInter(at));
    }
    expect(hls.segmenter.forcedCuts).toBe(0);
    const list = HLS.parse(hls.playlist('') ?? '') as HLS.types.MediaPlaylist;
    expect(list.targetDuration).toBe(4);
    expect(list.segments.length).toBeGreaterThanOrEqual(5);
    for (const { duration } of list.segments) expect(duration).toBeCloseTo(4.004, 2);
  });

  test('each segment says when it was live, also of an encoder whose clock is slow; anew after a discontinuity', () => {
    const clock = new FakeClock();
    const hls = make({ block: 'hls_fragment 4; hls_window 20;', clock });
    const dates = () => read(hls).segments.map(({ programDateTime }) => programDateTime?.getTime() ?? 0);
    const began = clock.wall();
    const hours = 3;
    for (let at = 0; at < hours * 3_600_000; at += 20) {
      // 200 ppm.
      clock.advance(at % 100_000 === 0 ? 40 : 20);
      if (at === 0) hls.segmenter.onFrame(aacConfig(0));
      hls.segmenter.onFrame(aacFrame(at));
      if (at === 8000) expect(Math.abs((dates()[0] ?? 0) - began)).toBeLessThanOrEqual(40);
    }
    const last = dates();
    expect(Math.abs((last.at(-1) ?? 0) - (clock.wall() - 8000))).toBeLessThan(4000);
    for (const [i, { duration }] of read(hls).segments.slice(0, -1).entries())
      expect(Math.abs((last[i + 1] ?? 0) - (last[i] ?? 0) - duration * 1000)).toBeLessThan(6);
    hls.segmenter.finish();
    clock.advance(60_000);
    hls.resume();
    const again = clock.wall();
    sound(hls, hours * 3_600_000 + 60_000, hours * 3_600_000 + 69_000, clock);
    const { segments } = read(hls);
    const first = segments.findIndex(({ discontinuity }) => discontinuity);
    expect(Math.abs((dates()[first] ?? 0) - again)).toBeLessThanOrEqual(40);
  });

  test('an encoder that sends its first minute at once: no segment was live in the future', () => {
    const clock = new FakeClock();
    const hls = make({ block: 'hls_fragment 1; hls_window 100;', clock });
    hls.segmenter.onFrame(aacConfig(0));
    for (let at = 0; at < 60_000; at += 20) hls.segmenter.onFrame(aacFrame(at));
    sound(hls, 60_000, 65_000, clock);
    const { segments } = read(hls);
    expect(segments.length).toBeGreaterThan(60);
    for (const { programDateTime, duration } of segments)
      expect((programDateTime?.getTime() ?? 0) + duration * 1000).toBeLessThanOrEqual(clock.wall());
    expect(Math.abs((segments.at(-1)?.programDateTime?.getTime() ?? 0) - (clock.wall() - 2000))).toBeLessThan(1100);
  });

  test('servers of a cluster tell no time of day: theirs would differ', () => {
    const hls = make({ block: 'hls_fragment 1; hls_ts_floor on;', isAbsolute: true });
    sound(hls, 0, 5000);
    expect(hls.playlist('')).toContain('#EXTINF');
    expect(hls.playlist('')).not.toContain('PROGRAM-DATE-TIME');
  });

  test('a name with characters that mean something in a URI leads to its segments', () => {
    const name = 'a b#c%20:ü+';
    const hls = make({ stream: name, block: 'hls_fragment 1;' });
    hls.segmenter.onFrame(aacConfig(0));
    for (let at = 0; at < 3000; at += 20) hls.segmenter.onFrame(aacFrame(at));
    const list = HLS.parse(hls.playlist('?token=x') ?? '') as HLS.types.MediaPlaylist;
    expect(list.segments.length).toBeGreaterThan(0);
    const page = `http://host/live/${encodeURIComponent(name)}.m3u8`;
    for (const { uri } of list.segments) {
      const url = new URL(uri, page);
      expect(url.search).toBe('?token=x');
      expect(files.has(decodeURIComponent(url.pathname))).toBe(true);
    }
  });

  test('hls_td_ratio: the target duration is so many fragments', () => {
    const hls = make({ block: 'hls_fragment 2; hls_td_ratio 2;' });
    sound(hls, 0, 5000);
    expect(read(hls).targetDuration).toBe(4);
  });

  test('hls_key_url: keys are asked for there', () => {
    const hls = make({ block: 'hls_fragment 1; hls_keys on; hls_key_url https://keys.example/k/;' });
    sound(hls, 0, 3000);
    expect(hls.playlist('')).toMatch(/#EXT-X-KEY:METHOD=AES-128,URI="https:\/\/keys\.example\/k\/live\/s-\d+\.key"/);
  });

  test.each([
    ['on', 90],
    ['off', (90_000 * 1024) / 44_100],
  ])('hls_dts_directly %s: times of AAC are multiples of %d ticks', (written, tick) => {
    const hls = make({ block: `hls_fragment 1; hls_dts_directly ${written};` });
    hls.segmenter.onFrame(aacConfig(0));
    for (let i = 0; i < 200; i++) hls.segmenter.onFrame(aacFrame(Math.round((i * 1024) / 44.1)));
    const stamps = [...files.values()].flatMap((bytes) => [...checkTs(bytes).stamps.values()].flat());
    expect(stamps.length).toBeGreaterThan(10);
    const first = stamps[0]?.pts ?? 0;
    for (const { pts } of stamps) {
      const steps = (pts - first) / tick;
      expect(Math.abs(steps - Math.round(steps)) * tick).toBeLessThanOrEqual(0.5);
    }
  });

  test('a codec that has no place in segments is complained of once', () => {
    const hls = make({});
    const frame = { ...aacFrame(0), codec: 'speex' };
    for (let i = 0; i < 3; i++) hls.segmenter.onFrame(frame);
    expect(complaints).toEqual(['speex']);
  });

  test('at least three target durations are listed; what left is kept as long as RFC 8216 §6.2.2 asks', () => {
    const clock = new FakeClock();
    const hls = make({ block: 'hls_fragment 2; hls_window 1;', clock });
    const gone = new Map<string, { at: number; list: number }>();
    let listed: readonly string[] = [];
    for (let at = 0; at < 60_000; at += 20) {
      sound(hls, at, at + 20, clock);
      if (hls.playlist('') === undefined) continue;
      const { segments, targetDuration } = read(hls);
      const length = segments.reduce((sum, { duration }) => sum + duration, 0);
      const uris = segments.map(({ uri }) => `/live/${uri}`);
      if (at > 20_000) expect(length).toBeGreaterThanOrEqual(3 * targetDuration);
      for (const path of listed) if (!uris.includes(path)) gone.set(path, { at, list: length });
      for (const [path, left] of gone)
        if (at - left.at < (left.list + 2) * 1000) expect(files.has(path), `${path} at ${at}`).toBe(true);
      listed = uris;
    }
    expect(gone.size).toBeGreaterThan(10);
    expect(files.size).toBeLessThan(12);
  });

  test('names with all variables; paths of a CDN in front', () => {
    const clock = new FakeClock();
    const hls = make({
      clock,
      block: `hls_fragment 1; hls_m3u8_file [vhost]/[app]/[stream]/list.m3u8; hls_entry_prefix https://cdn.example.com/x;
        hls_ts_file [app]/[2006]-[01]-[02]/[stream]_[15][04][05].[999]_[timestamp]_[duration]_[seq].ts;`,
    });
    sound(hls, 0, 1020, clock);
    const [path] = [...files.keys()];
    expect(path).toMatch(/^\/live\/2023-11-14\/s_221322\.0\d\d_1700000002\d{3}_1000_\d+\.ts$/);
    expect(read(hls, '?a=b').segments[0]?.uri).toBe(`https://cdn.example.com/x${path}?a=b`);
    expect(hls.playlistPath).toBe('/__defaultVhost__/live/s/list.m3u8');
  });

  test('hls_memory: the oldest make way, a segment is cut at a quarter', () => {
    const hls = make({ block: 'hls_fragment 10; hls_window 600; hls_memory 1048576;' });
    sound(hls, 0, 100_000, new FakeClock(), 1000);
    const sizes = [...files.values()].map(({ length }) => length);
    expect(sizes.reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(0.75 * 2 ** 20);
    expect(Math.max(...sizes)).toBeLessThan(2 ** 18 + 2000);
    expect(full).toBeGreaterThan(0);
    expect(read(hls).segments.length).toBe(files.size);
  });

  test('numbers after a restart are higher, also with short segments', () => {
    const clock = new FakeClock();
    const before = make({ block: 'hls_fragment 0.25;', clock });
    sound(before, 0, 60_000, clock);
    expect(make({ clock }).next).toBeGreaterThanOrEqual(before.next);
    expect(before.next).toBeLessThan(2 ** 31);
  });

  test('RFC 8216 §4.3.3.3: after a restart the first segment has a number of discontinuities that was not there before', () => {
    const clock = new FakeClock();
    clock.advance(Date.UTC(2030, 6, 1) - clock.wall());
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) {
      const hls = make({ block: 'hls_fragment 1; hls_window 600;', clock });
      for (let publish = 0; publish < 2; publish++) {
        sound(hls, publish * 40_000, publish * 40_000 + 40_000, clock);
        hls.segmenter.finish();
      }
      const { discontinuitySequenceBase: base = 0, segments } = read(hls);
      expect(segments[0]?.discontinuity).toBe(true);
      expect(segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(2);
      seen.push(base + 1, base + 2);
    }
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
    // hls.js has an array as long as that.
    expect(Math.max(...seen)).toBeLessThan(10_000_000);
  });

  test('hls_aof_ratio: pictures without a key frame are cut then, in the first segment too', () => {
    const hls = make({ block: 'hls_fragment 1; hls_aof_ratio 2.5;' });
    hls.segmenter.onFrame(avcConfig(0));
    for (let i = 0; i < 500; i++) hls.segmenter.onFrame(i === 0 ? avcKey(0) : avcInter(i * 40));
    for (const { duration } of read(hls).segments) expect(duration).toBeLessThan(3);
    expect(hls.segmenter.forcedCuts).toBeGreaterThan(4);
  });
});

describe('groups of pictures longer than the target (RFC 8216 §4.3.5.2)', () => {
  /** As OBS left to itself: a key frame at 4.2 s, then every 8.36 s. */
  const obs = (at: number): boolean => at === 0 || (at >= 4200 && (at - 4200) % 8360 === 0);

  test('EXT-X-START leads to a segment with a key frame, three target durations from the end once there is one', () => {
    const hls = make({ block: 'hls_fragment 4; hls_window 20;' });
    const faults: string[] = [];
    let last = '';
    pictures(hls, 120_000, obs, (at) => {
      const text = hls.playlist('') ?? '';
      if (text === last) return;
      last = text;
      const list = read(hls);
      if (list.targetDuration !== 4) faults.push(`target ${list.targetDuration} at ${at}`);
      const start = startOf(hls);
      if (list.segments.every(({ uri }) => startsWithKey(uri))) {
        if (start !== undefined) faults.push(`a start without need at ${at}`);
      } else if (start === undefined || !startsWithKey(start.uri)) faults.push(`no start with a key frame at ${at}`);
      else {
        if (start.within < 0.05 || start.within > 0.15) faults.push(`${start.within} s within at ${at}`);
        if (start.fromEnd < 12 && at > 30_000) faults.push(`${start.fromEnd} s from the end at ${at}`);
      }
    });
    expect(faults).toEqual([]);
    expect(last).toMatch(/\n#EXT-X-START:TIME-OFFSET=-\d+\.\d{3}\n/);
  });

  test('a window shorter than a group: the segment with the last key frame that is far enough stays listed, for a minute at most', () => {
    const hls = make({ block: 'hls_fragment 1; hls_window 3;' });
    let longest = 0;
    pictures(
      hls,
      300_000,
      (at) => (at < 2000 ? at % 1000 === 0 : at < 100_000 && at % 10_000 === 0),
      (at) => {
        if (at < 20_000) return;
        longest = Math.max(
          longest,
          hls.listed.reduce((sum, { duration }) => sum + duration, 0),
        );
        if (at < 140_000) expect(startsWithKey(startOf(hls)?.uri ?? ''), `at ${at}`).toBe(true);
      },
    );
    expect(longest).toBeGreaterThan(60);
    expect(longest).toBeLessThan(66);
    // No key frame for minutes: there is nothing to point at, and the list is as short as ever.
    expect(startOf(hls)).toBeUndefined();
    expect(hls.listed.length).toBeLessThan(6);
  });

  test('key frames as often as they should be: no such tag; nor when it has ended and begins with one', () => {
    const often = make({ block: 'hls_fragment 4; hls_window 20;' });
    pictures(often, 60_000, (at) => at % 2000 === 0);
    expect(often.playlist('')).not.toContain('EXT-X-START');
    const hls = make({ block: 'hls_fragment 4; hls_window 100;' });
    pictures(hls, 40_000, obs);
    expect(hls.playlist('')).toContain('EXT-X-START');
    hls.end();
    expect(hls.playlist('')).not.toContain('EXT-X-START');
  });

  test('ended, and it begins without a key frame: the start is the oldest key frame', () => {
    const hls = make({ block: 'hls_fragment 1; hls_window 20;' });
    pictures(hls, 61_500, (at) => at === 0 || at % 3000 === 1000);
    hls.segmenter.finish();
    hls.end();
    const { segments } = read(hls);
    const first = segments.findIndex(({ uri }) => startsWithKey(uri));
    expect(startOf(hls)?.uri).toBe(first === 0 ? undefined : segments[first]?.uri);
    expect(first).toBeGreaterThan(0);
  });
});

describe('hls_ts_floor', () => {
  const block = 'hls_fragment 2; hls_ts_floor on; hls_ts_file [app]/[stream]-[timestamp]-[seq].ts; hls_window 60;';
  /** A clock of an encoder in ms since 1970, as far as 32 bits go. */
  const start = 1_700_000_000_000 % 2 ** 32;

  test('servers that join at other times, with other clocks of the day, number and name the same pieces alike', () => {
    const [one, two] = [0, 90_000].map((skew) => {
      const clock = new FakeClock();
      clock.advance(skew);
      const hls = make({ block, clock, isAbsolute: true });
      sound(hls, start + skew / 10, start + 30_000, clock);
      return hls;
    }) as [HlsStream, HlsStream];
    const names = (hls: HlsStream) =>
      hls.listed.map(
        ({ seq, path, duration, discontinuitiesBefore }) => `${seq} ${path} ${duration} ${discontinuitiesBefore}`,
      );
    expect(names(two).length).toBeGreaterThan(8);
    expect(names(one).slice(-names(two).length)).toEqual(names(two));
    const [first] = one.listed;
    expect(first?.path).toMatch(new RegExp(`-8500000\\d\\d-${first?.seq}\\.ts$`));
  });

  test('servers of a cluster count discontinuities alike, whenever they began', () => {
    const clock = new FakeClock();
    clock.advance(Date.UTC(2030, 6, 1) - clock.wall());
    const one = make({ block, clock, isAbsolute: true });
    clock.advance(10 * 86_400_000);
    const two = make({ block, clock, isAbsolute: true });
    for (const hls of [one, two]) {
      sound(hls, start, start + 9000, clock);
      expect(read(hls).segments[0]?.discontinuity).toBeUndefined();
    }
    expect(two.discontinuities).toBe(one.discontinuities);
  });

  test('the clock of RTMP begins anew after 2^32 ms: numbers go on', () => {
    const clock = new FakeClock();
    const hls = make({ block, clock, isAbsolute: true });
    // As a server that joined before the turn sees it.
    sound(hls, 2 ** 32 - 9000, 2 ** 32 + 9000, clock);
    const seqs = hls.listed.map(({ seq }) => seq);
    expect(seqs.length).toBeGreaterThan(6);
    for (const [i, seq] of seqs.entries()) if (i > 0) expect(seq).toBe((seqs[i - 1] as number) + 1);
  });

  test('a leap of the clock begins the list anew, since a list says only its first number', () => {
    const clock = new FakeClock();
    const hls = make({ block, clock, isAbsolute: true });
    sound(hls, start, start + 9000, clock);
    hls.segmenter.finish();
    const before = hls.next;
    sound(hls, start + 60_000, start + 69_000, clock);
    expect(hls.listed[0]?.seq).toBeGreaterThan(before);
    expect(read(hls).segments[0]?.discontinuity).toBe(true);
    expect(files.size).toBeGreaterThan(hls.listed.length);
  });
});

describe('AES-128 (RFC 8216 §4.3.2.4)', () => {
  test('each listed segment is decrypted by the key and vector that the list names; keys go with their segments', () => {
    const clock = new FakeClock();
    const hls = make({ block: 'hls_fragment 1; hls_window 6; hls_keys on; hls_fragments_per_key 3;', clock });
    const used = new Set<string>();
    for (let from = 0; from < 40_000; from += 1000) {
      sound(hls, from, from + 1000, clock);
      if (hls.playlist('') === undefined) continue;
      for (const { uri, key } of read(hls, '?t=1').segments) {
        const [segment, secret] = [uri, key?.uri].map((u) =>
          files.get(new URL(u ?? '', 'http://h/live/s.m3u8').pathname),
        );
        expect(key?.uri).toMatch(/^s-\d+\.key\?t=1$/);
        const decipher = createDecipheriv('aes-128-cbc', secret as Buffer, Buffer.from(key?.iv ?? new ArrayBuffer(0)));
        const plain = Buffer.concat([decipher.update(segment as Buffer), decipher.final()]);
        expect(checkTs(plain).faults).toEqual([]);
        used.add(key?.uri ?? '');
      }
    }
    expect(used.size).toBeGreaterThan(10);
    expect([...files.keys()].filter((path) => path.endsWith('.key')).length).toBeLessThan(10);
  });
});
