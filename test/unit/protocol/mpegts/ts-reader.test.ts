import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameMuxer, type TsEvent, TsReader } from '../../../../src/protocol/mpegts/index.js';
import { aacConfig, aacFrame, avcConfig, avcInter, avcKey } from '../../../support/coded.js';

/** A second of pictures and sound. */
function sample(): Buffer {
  const muxer = new FrameMuxer();
  for (const config of [avcConfig(0), aacConfig(0)]) {
    const read = FrameMuxer.read(config);
    if (read !== undefined) muxer.configure(read);
  }
  muxer.begin({ video: 'avc', audio: 'aac' });
  for (let at = 0; at < 1000; at += 40) {
    muxer.write({ ...(at === 0 ? avcKey(at) : avcInter(at)), cts: 80 as never });
    muxer.write(aacFrame(at + 5));
  }
  return muxer.take();
}

function readAll(bytes: Buffer, slices: readonly number[] = []): TsEvent[] {
  const reader = new TsReader();
  const events: TsEvent[] = [];
  let from = 0;
  for (const size of slices) {
    events.push(...reader.push(bytes.subarray(from, from + size)));
    from += size;
  }
  return [...events, ...reader.push(bytes.subarray(from)), ...reader.end()];
}
const faults = (bytes: Buffer): string[] => readAll(bytes).flatMap((e) => (e.kind === 'fault' ? [e.text] : []));

describe('what is in a transport stream', () => {
  const ts = sample();
  const packets = ts.length / 188;

  test('tables, PES packets with their times, packets', () => {
    const events = readAll(ts);
    const [pat, pmt] = events.filter((e) => e.kind === 'table');
    expect([...(pat?.entries ?? [])]).toEqual([[1, 0x1001]]);
    expect([...(pmt?.entries ?? [])]).toEqual([
      [0x100, 0x1b],
      [0x101, 0x0f],
    ]);
    expect(pmt?.pcrPid).toBe(0x100);
    const pes = events.filter((e) => e.kind === 'pes');
    const video = pes.filter(({ pid }) => pid === 0x100);
    expect(video.map(({ dts }) => dts)).toEqual(Array.from({ length: 25 }, (_, i) => i * 3600));
    expect(video.every(({ pts, dts }) => pts === (dts ?? 0) + 7200)).toBe(true);
    expect(video[0]).toMatchObject({ pcr: 0, randomAccess: true, streamId: 0xe0, streamType: 0x1b });
    expect(pes.filter(({ pid }) => pid === 0x101)).toHaveLength(25);
    expect(events.filter((e) => e.kind === 'packet')).toHaveLength(packets);
    expect(faults(ts)).toEqual([]);
  });

  test('garbage in front, within and behind, and a stream that is cut off', () => {
    const junk = Buffer.alloc(300, 0x47);
    const torn = Buffer.concat([
      Buffer.alloc(100, 1),
      ts.subarray(0, 376),
      junk.fill(2),
      ts.subarray(376),
      Buffer.alloc(7),
    ]);
    expect(faults(torn)).toEqual(['100 bytes are no packet', '300 bytes are no packet', '7 bytes are no packet']);
    expect(faults(ts.subarray(0, 1000))).toContain('60 bytes are no packet');
    expect(faults(Buffer.from('no transport stream'))).toEqual(['19 bytes are no packet']);
  });

  test('a lost packet, a damaged table, a wrong length', () => {
    const isVideo = (at: number) => (ts.readUInt16BE(at + 1) & 0x1fff) === 0x100;
    const lost = Array.from({ length: packets }, (_, i) => i * 188).filter(
      (at) => at > 5000 && isVideo(at),
    )[0] as number;
    expect(faults(Buffer.concat([ts.subarray(0, lost), ts.subarray(lost + 188)]))[0]).toMatch(
      /^pid 0x100: counter \d+ is followed by \d+$/,
    );
    const table = Buffer.from(ts);
    table[188 + 12] = 0xff;
    expect(faults(table)).toContain('pid 0x1001: damaged table');
    const length = Buffer.from(ts);
    const audio = Array.from({ length: packets }, (_, i) => i * 188).find(
      (at) => (ts.readUInt16BE(at + 1) & 0x5fff) === 0x4101,
    ) as number;
    const pes = ts.indexOf(Buffer.from([0, 0, 1, 0xc0]), audio);
    length.writeUInt16BE(200, pes + 4);
    expect(faults(length)[0]).toMatch(/^pid 0x101: PES packet of 206 bytes has \d+$/);
  });

  test('any slicing of any bytes gives the same, and nothing throws', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 2000 }),
      // Packets with some of their bytes changed, and some taken out.
      fc
        .tuple(fc.array(fc.tuple(fc.nat(3000), fc.nat(255)), { maxLength: 20 }), fc.nat(3000), fc.nat(200))
        .map(([changes, cut, length]) => {
          const copy = Buffer.from(ts.subarray(0, 188 * 20));
          for (const [at, value] of changes) copy[at] = value;
          return Buffer.concat([copy.subarray(0, cut), copy.subarray(cut + length)]);
        }),
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(400), { maxLength: 10 }), (input, slices) => {
        expect(readAll(Buffer.from(input), slices)).toEqual(readAll(Buffer.from(input)));
      }),
      { numRuns: 200 },
    );
  });
});
