import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import muxJs, { type Unit } from 'mux.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MediaMessage } from '../../src/link/index.js';
import { readAvcConfig } from '../../src/protocol/avc/index.js';
import { splitNals } from '../../src/protocol/mpegts/split-nals.js';
import { decodeComplaints } from '../support/decode.js';
import { fetchBytes, fetchPlaylist, type Playlist, send } from '../support/hls.js';
import { type ClipOptions, clip } from '../support/media.js';
import { hevcMessage, hevcRecord, lengthPrefixed } from '../support/nals.js';
import { withPeers } from '../support/peers.js';
import { run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { flvMessages, isConfig, publish } from '../support/streams.js';
import { checkTs, SegmentCheck } from '../support/ts-check.js';

const hls = 'hls { enabled on; hls_fragment 2; hls_window 60; }';
const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
http_server { enabled on; listen HTTP_PORT; dir DIR; }
vhost __defaultVhost__ { ${hls} }
vhost absolute { atc on; ${hls} }
`;
let srs: Srs;
let dir: string;
beforeAll(async () => {
  srs = await startSrs({ config });
  dir = await mkdtemp(join(tmpdir(), 'srs-hls-segments-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const media = async (options: ClipOptions = {}): Promise<MediaMessage[]> =>
  (await flvMessages(await clip({ seconds: 12, ...options }))).filter((m) => m.kind !== 'data');
const later = (messages: readonly MediaMessage[], by: number): MediaMessage[] =>
  messages.map((m) => ({ ...m, timestamp: m.timestamp + by }));

/** Publishes all of it, and takes what is listed in the end: each segment, and all in a row. */
async function segmentsOf(
  name: string,
  messages: readonly MediaMessage[],
  start = 0,
): Promise<{ list: Playlist; segments: Buffer[]; file: string }> {
  const vhost = start === 0 ? '' : '?vhost=absolute';
  const client = await publish(srs.url(`live${vhost}`, name));
  await send(client, messages, start);
  client.end(); // with an acknowledgement unread, closing at once would take back what is on its way
  const url = (path: string) => `http://127.0.0.1:${srs.ports.HTTP_PORT}/live/${path}${vhost}`;
  const wanted = ((messages.at(-1)?.timestamp ?? 0) - 300) / 1000;
  const list = await until('all is listed', async () => {
    const now = await fetchPlaylist(url(`${name}.m3u8`));
    return (now?.segments ?? []).reduce((sum, { duration }) => sum + duration, 0) > wanted ? now : undefined;
  });
  const segments = await Promise.all(list.segments.map(({ uri }) => fetchBytes(url(uri.split('?')[0] ?? ''))));
  const file = join(dir, `${name}.ts`);
  await writeFile(file, Buffer.concat(segments));
  return { list, segments, file };
}

/** Warnings of GStreamer's demuxer, and of what parses its output. */
async function gstreamerComplaints(file: string): Promise<string[]> {
  const { code, stderr } = await run(
    'gst-launch-1.0',
    ['-q', 'filesrc', `location=${file}`, '!', 'tsdemux', 'name=d', 'd.', '!', 'fakesink'],
    {
      env: { ...process.env, GST_DEBUG: 'tsdemux:2,mpegtsbase:2,mpegtspacketizer:2', GST_DEBUG_NO_COLOR: '1' },
    },
  );
  // That the clock began anew is what it has to notice, not a complaint.
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.includes('WRAPAROUND detected'));
  return code === 0 ? lines : [...lines, `ended with ${code}`];
}

/** Nothing to complain about, whoever looks: our checker, mux.js, ffmpeg, GStreamer. */
async function expectSound(
  { list, segments, file }: Awaited<ReturnType<typeof segmentsOf>>,
  { keyless = false, repeatedTimes = false } = {},
): Promise<void> {
  const check = new SegmentCheck();
  for (const [i, bytes] of segments.entries()) {
    const { uri } = list.segments[i] as Playlist['segments'][number];
    check.add(uri, bytes, keyless);
    const { stamps } = checkTs(bytes);
    const theirs = muxJs.mp2t.tools.inspect(bytes) ?? {};
    const [video, audio] = [stamps.get(0x100), stamps.get(0x101)];
    // mux.js goes on over the turn of the clock.
    const wire = (units: readonly (Unit | undefined)[] = []): unknown =>
      units.map((unit) => unit && [unit.dts % 2 ** 33, unit.pts % 2 ** 33]);
    const ends = (units: readonly Unit[] = []): unknown => wire(units.length === 0 ? [] : [units[0], units.at(-1)]);
    expect(ends(theirs.video)).toEqual(ends(video));
    if (audio !== undefined) expect(wire([theirs.audio?.[0]])).toEqual(wire([audio[0]]));
    if (video !== undefined && !keyless) expect(wire([theirs.firstKeyFrame])).toEqual(wire([video[0]]));
  }
  expect(check.faults).toEqual([]);
  expect(await decodeComplaints(file, 20, { repeatedTimes })).toEqual([]);
  expect(await gstreamerComplaints(file)).toEqual([]);
}

/** The size of every picture, each segment decoded by itself and without a complaint. */
async function sizesOf(name: string, segments: readonly Buffer[]): Promise<string[]> {
  const sizes: string[] = [];
  for (const [i, bytes] of segments.entries()) {
    const file = join(dir, `${name}-${i}.ts`);
    await writeFile(file, bytes);
    const shown = [
      '-v',
      'error',
      '-select_streams',
      'v',
      '-show_entries',
      'frame=width,height',
      '-of',
      'csv=p=0',
      file,
    ];
    sizes.push(...((await run('ffprobe', shown)).stdout.match(/^\d+,\d+/gm) ?? []));
    expect(await decodeComplaints(file)).toEqual([]);
  }
  return sizes;
}

/** Two seconds of HEVC from x265, a key frame in front: its parameter sets and its pictures. */
async function hevc(size: string): Promise<{ sets: string[]; pictures: string[] }> {
  const file = join(dir, `${size}.h265`);
  const source = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`, '-t', '2', '-pix_fmt', 'yuv420p'];
  const x265 = ['-c:v', 'libx265', '-x265-params', 'log-level=error:bframes=0:keyint=50:scenecut=0:info=0:slices=1'];
  const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-y', ...source, ...x265, '-f', 'hevc', file]);
  expect([code, stderr]).toEqual([0, '']);
  const nals: Uint8Array[] = [];
  splitNals(await readFile(file), 0, 4, nals);
  const units = nals.map((nal) => Buffer.from(nal).toString('hex'));
  const isSlice = (unit: string) => Number.parseInt(unit.slice(0, 2), 16) >> 1 < 32;
  return { sets: units.filter((unit) => !isSlice(unit)), pictures: units.filter(isSlice) };
}

withPeers('ffmpeg', 'gstreamer')('segments as other projects see them', () => {
  test.each([
    ['pictures with B-frames and sound', { bFrames: 2 }],
    ['sound alone, AAC', { video: 'none' }],
    ['pictures alone', { audio: 'none' }],
    ['5.1(side)', { layout: '5.1(side)' }],
    ['quad', { layout: 'quad' }],
    ['6.1', { layout: '6.1' }],
  ] as const)('%s', async (name, options) => {
    await expectSound(await segmentsOf(name.replaceAll(/[ ,().]+/g, '-'), await media(options)));
  });

  test.each([
    ['the clock of transport streams begins anew after 2^33 ticks', Math.floor(2 ** 33 / 90) - 5000],
    ['the clock of RTMP begins anew after 2^32 ms', 2 ** 32 - 5000],
  ])('%s', async (_name, start) => {
    const found = await segmentsOf(`edge-${start}`, await media({ bFrames: 2 }), start);
    expect(found.list.segments.slice(1).filter(({ discontinuity }) => discontinuity)).toHaveLength(0);
    const dts = found.segments.flatMap((bytes) => (checkTs(bytes).stamps.get(0x100) ?? []).map((s) => s.dts));
    expect(dts[0]).toBe((start * 90) % 2 ** 33);
    expect(dts).toHaveLength(300);
    await expectSound(found);
  });

  test('other parameter sets, then another audio codec, in mid-publish: a new segment with a discontinuity each', async () => {
    const first = await media();
    const second = later(
      (await media({ bFrames: 2 })).filter((m) => m.kind === 'video' || !isConfig(m)),
      12_000,
    );
    const third = later(
      [
        ...(await media({ bFrames: 2 })).filter((m) => m.kind === 'video' && !isConfig(m)),
        ...(await media({ video: 'none', audio: 'mp3' })),
      ].sort((a, b) => a.timestamp - b.timestamp),
      24_000,
    );
    const found = await segmentsOf('change', [...first, ...second, ...third]);
    expect(found.list.segments.slice(1).filter(({ discontinuity }) => discontinuity)).toHaveLength(2);
    const types = found.segments.map((bytes) => bytes[188 + 4 + 1 + 17]);
    expect(new Set(types)).toEqual(new Set([0x0f, 0x04]));
    const check = new SegmentCheck();
    for (const [i, bytes] of found.segments.entries()) check.add(`${i}`, bytes);
    expect(check.faults.filter((fault) => !fault.includes('clock moves'))).toEqual([]);
    expect(await decodeComplaints(found.file)).toEqual([]);
  });

  test('another size, said in the key frames alone: a new segment with a discontinuity, and ffmpeg shows all of it', async () => {
    const first = await media({ seconds: 6, size: '320x180', audio: 'none' });
    const second = await media({ seconds: 6, size: '480x270', audio: 'none' });
    const record = second.find((m) => m.kind === 'video' && isConfig(m))?.payload ?? Buffer.alloc(0);
    const { sps, pps } = readAvcConfig(record.subarray(5));
    const sets = lengthPrefixed([...sps, ...pps].map((set) => Buffer.from(set).toString('hex')));
    const inBand = second
      .filter((m) => !isConfig(m))
      .map((m) => {
        const isKey = m.kind === 'video' && (m.payload[0] ?? 0) >> 4 === 1;
        const parts = [m.payload.subarray(0, 5), sets, m.payload.subarray(5)];
        return isKey ? { ...m, payload: Buffer.concat(parts) } : m;
      });
    const found = await segmentsOf('in-band', [...first, ...later(inBand, 6000)]);
    expect(found.list.segments.map(({ discontinuity }) => discontinuity)).toEqual([
      true, // the first of the stream
      false,
      false,
      true,
      false,
      false,
    ]);
    const sizes = await sizesOf('in-band', found.segments);
    expect(sizes).toEqual([...Array(150).fill('320,180'), ...Array(150).fill('480,270')]);
  });

  test.each([
    [
      'start codes in the place of lengths',
      (nals: readonly Uint8Array[]) => nals.flatMap((nal) => [Buffer.of(0, 0, 0, 1), nal]),
    ],
    [
      'zeros behind the last unit',
      (nals: readonly Uint8Array[]) => [
        lengthPrefixed(nals.map((nal) => Buffer.from(nal).toString('hex'))),
        Buffer.alloc(3),
      ],
    ],
  ])('H.264 with %s', async (name, pack) => {
    const packed = (await media({ bFrames: 2 })).map((m) => {
      if (m.kind !== 'video' || isConfig(m)) return m;
      const nals: Uint8Array[] = [];
      splitNals(m.payload, 5, 4, nals);
      return { ...m, payload: Buffer.concat([m.payload.subarray(0, 5), ...pack(nals)]) };
    });
    await expectSound(await segmentsOf(name.replaceAll(' ', '-'), packed));
  });

  test('HEVC whose configuration has no parameter sets, and whose size changes: those of the key frames serve', async () => {
    const clips = [await hevc('320x180'), await hevc('480x270'), await hevc('480x270')];
    const messages = clips.flatMap(({ sets, pictures }) =>
      pictures.map((picture, i) => hevcMessage(0, lengthPrefixed(i === 0 ? [...sets, picture] : [picture]), i === 0)),
    );
    const found = await segmentsOf(
      'hev1',
      [hevcRecord([]), ...messages].map(({ payload }, i) => ({
        kind: 'video' as const,
        timestamp: Math.max(0, i - 1) * 40,
        payload,
      })),
    );
    expect(found.list.segments.map(({ discontinuity }) => discontinuity)).toEqual([true, true, false]);
    expect(await sizesOf('hev1', found.segments)).toEqual([
      ...Array(50).fill('320,180'),
      ...Array(100).fill('480,270'),
    ]);
  });

  test('composition times below 0, of an encoder that does not set its decode times back', async () => {
    const messages = await media({ bFrames: 3 });
    const cts = (m: MediaMessage): number => Buffer.from(m.payload).readIntBE(2, 3);
    const isPicture = (m: MediaMessage): boolean => m.kind === 'video' && !isConfig(m);
    const first = cts(messages.find(isPicture) as MediaMessage);
    const set = messages.map((m) => {
      if (!isPicture(m)) return m;
      const payload = Buffer.from(m.payload);
      payload.writeIntBE(cts(m) - first, 2, 3);
      return { ...m, timestamp: m.timestamp + first, payload };
    });
    expect(set.filter((m) => isPicture(m) && cts(m) < 0).length).toBeGreaterThan(50);
    const found = await segmentsOf(
      'negative',
      set.toSorted((a, b) => a.timestamp - b.timestamp),
    );
    // The first picture that is shown before it is decoded comes late, right behind another.
    await expectSound(found, { repeatedTimes: true });
    const pts = found.segments.flatMap((bytes) => (checkTs(bytes).stamps.get(0x100) ?? []).map((s) => s.pts));
    expect(new Set(pts).size).toBe(300);
    const steps = pts.toSorted((a, b) => a - b).map((at, i, all) => at - (all[i - 1] ?? at - 3600));
    expect(steps.filter((step) => step !== 3600).length).toBeLessThanOrEqual(3);
  });

  test('pictures without another key frame, and sound that comes late', async () => {
    let keys = 0;
    const messages = (await media()).filter((m) => {
      const isKey = m.kind === 'video' && !isConfig(m) && (m.payload[0] ?? 0) >> 4 === 1;
      return (
        (m.kind === 'video' && (!isKey || ++keys <= 2)) || (m.kind === 'audio' && (isConfig(m) || m.timestamp > 2500))
      );
    });
    const { list, segments } = await segmentsOf('keyless', messages);
    expect(list.segments.every(({ duration }) => Math.round(duration) <= list.target)).toBe(true);
    const check = new SegmentCheck();
    for (const [i, bytes] of segments.entries()) check.add(`${i}`, bytes, true);
    expect(check.faults).toEqual([]);
    expect(segments.map((bytes) => checkTs(bytes).pids.has(0x101)).at(-1)).toBe(true);
  });
});
