import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFile, type Sample } from 'mp4box';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { MediaMessage, RtmpClient } from '../../src/link/index.js';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { type ClipOptions, clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { flvMessages, pause, publish, pushFile, type Recording, record } from '../support/streams.js';
import { tag } from '../support/synthetic.js';

let srs: Srs;
let n = 0;

beforeAll(async () => {
  srs = await startSrs();
});

const fresh = (): string => srs.url('live', `codec${n++}`);

// ---- what ffmpeg makes of it

const bFrameCases = ([0, 1, 2, 3, 4] as const).map((bFrames): [string, ClipOptions, string[]] => [
  `H.264 with ${bFrames} B-frames`,
  { bFrames },
  ['audio:aac', 'video:h264'],
]);

withPeers('ffmpeg')('ffmpeg plays', () => {
  test.each<[string, ClipOptions, string[]]>([
    ['audio only: AAC', { video: 'none', audio: 'aac' }, ['audio:aac']],
    ['audio only: MP3', { video: 'none', audio: 'mp3' }, ['audio:mp3']],
    ['audio only: Speex', { video: 'none', audio: 'speex' }, ['audio:speex']],
    ['video only: H.264', { video: 'h264', audio: 'none' }, ['video:h264']],
    ['Sorenson H.263 and MP3', { video: 'flv1', audio: 'mp3' }, ['audio:mp3', 'video:flv1']],
    ...bFrameCases,
  ])('%s', async (_, options, streams) => {
    const file = await clip(options);
    const url = fresh();
    pushFile(file, url);
    await until('it is published', () => srs.log().includes(`${new URL(url).pathname.slice(1)}","style"`));
    const [seen, complaints] = await Promise.all([probe(url, 2), decodeComplaints(url, 4)]);
    expect(complaints).toEqual([]);
    expect(seen.streams.filter((s) => !s.startsWith('data')).sort()).toEqual(streams);
    for (const type of ['audio', 'video'] as const) {
      const packets = seen.packets.filter((p) => p.type === type);
      if (!streams.some((s) => s.startsWith(type))) expect(packets).toEqual([]);
      else expect(packets.length).toBeGreaterThan(20);
      expect(packets.every((p, i) => i === 0 || p.dts > (packets[i - 1]?.dts ?? 0))).toBe(true);
    }
    if (options.bFrames) expect(seen.packets.some((p) => p.type === 'video' && p.pts > p.dts)).toBe(true);
  });

  test('R10 the SPS changes in mid-stream: the player goes on in the new size', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'srs-sps-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const messages: MediaMessage[] = [];
    for (const [i, size] of ['640x360', '320x180'].entries()) {
      const file = join(dir, `${size}.flv`);
      const picture = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`, '-t', '3', '-c:v', 'libx264', '-bf', '0'];
      const end = await run('ffmpeg', [
        '-v',
        'error',
        ...picture,
        '-preset',
        'veryfast',
        '-g',
        '25',
        '-pix_fmt',
        'yuv420p',
        file,
      ]);
      expect(end.stderr).toBe('');
      for (const m of await flvMessages(file))
        if (m.kind === 'video' && m.payload[1] !== 2) messages.push({ ...m, timestamp: m.timestamp + i * 3000 });
    }
    const url = fresh();
    const complaints = decodeComplaints(url, 5);
    const args = ['-v', 'error', '-of', 'csv=p=0', '-select_streams', 'v', '-show_entries', 'frame=width,height', url];
    const frames = run('ffprobe', [...args, '-read_intervals', '%+5'], { timeoutMs: 30_000 });
    const stream = new URL(url).pathname.slice(1);
    const players = () => srs.log().split(`${stream}","msg":"play started"`).length - 1;
    await until('both wait for its first frame', () => players() === 2);
    const publisher = await publish(url);
    const start = performance.now();
    for (const m of messages) {
      const ahead = m.timestamp - (performance.now() - start);
      if (ahead > 5) await pause(ahead);
      publisher.send(m);
    }
    expect(await complaints).toEqual([]);
    const sizes = (await frames).stdout.split('\n').filter((line) => line !== '');
    expect(sizes.filter((s) => s.startsWith('640,360'))).toHaveLength(75);
    expect(sizes.filter((s) => s.startsWith('320,180')).length).toBeGreaterThan(40);
    expect(new Set(sizes.map((s) => s.slice(0, 7)))).toHaveLength(2);
    publisher.close();
  });
});

// ---- byte for byte

const text = (payload: Uint8Array): string => Buffer.from(payload).toString('hex');
const story = (messages: readonly MediaMessage[]): string[] =>
  messages.filter((m) => m.kind !== 'data').map((m) => `${m.kind}@${m.timestamp} ${text(m.payload)}`);
const sendAll = (client: RtmpClient, messages: readonly MediaMessage[]): void => {
  for (const m of messages) client.send(m);
};
const arrived = (player: Recording, count: number): Promise<void> =>
  player.until(`${count} messages`, (m) => m.filter((x) => x.kind !== 'data').length >= count);

describe('codecs that the server does not decode are relayed byte for byte', () => {
  const golden = join(import.meta.dirname, '../golden/flv');

  test('every FLV of test/golden: screen, ADPCM, PCM, G.711, Nellymoser, Speex, Sorenson, MP3, H.264, AAC', async () => {
    const files = await readdir(golden);
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const messages = (await flvMessages(join(golden, file))).filter((m) => m.kind !== 'data');
      const url = fresh();
      const player = await record(url);
      const publisher = await publish(url);
      sendAll(publisher, messages);
      await arrived(player, messages.length);
      expect(
        player.messages.filter((m) => m.kind !== 'data').map((m) => text(m.payload)),
        file,
      ).toEqual(messages.map((m) => text(m.payload)));
      publisher.close();
      player.client.close();
    }
  });

  test.each([
    ['VP6', '14', '24'],
    ['VP6 with alpha', '15', '25'],
    ['screen video 2', '16', '26'],
    ['HEVC in codec id 12', '1c01000000', '2c01000000'],
    ['an unknown codec id', '1f', '2f'],
  ])('%s: a joiner in mid-stream starts at its key frame', async (_, key, inter) => {
    const url = fresh();
    const publisher = await publish(url);
    const early = await record(url);
    const messages = Array.from({ length: 30 }, (_v, i): MediaMessage => {
      const payload = Buffer.from(`${i % 10 === 0 ? key : inter}${i.toString(16).padStart(4, '0')}5a5a`, 'hex');
      return { kind: 'video', timestamp: i * 40, payload };
    });
    sendAll(publisher, messages);
    await arrived(early, 30);
    const late = await record(url);
    await arrived(late, 10);
    expect(story(early.messages)).toEqual(story(messages));
    expect(story(late.messages)).toEqual(story(messages.slice(20)));
    publisher.close();
  });

  test('empty and one-byte bodies of any kind cost nobody a frame', async () => {
    const url = fresh();
    const publisher = await publish(url);
    const player = await record(url);
    publisher.send(tag.avcConfig());
    publisher.send(tag.key(0));
    for (let first = 0; first < 256; first++) {
      publisher.send({ kind: 'audio', timestamp: 0, payload: Buffer.of(first) });
      publisher.send({ kind: 'video', timestamp: 0, payload: Buffer.of(first) });
    }
    publisher.send({ kind: 'video', timestamp: 0, payload: Buffer.alloc(0) });
    publisher.send(tag.inter(40));
    await player.until('the last frame', (m) => m.at(-1)?.timestamp === 40);
    expect(player.messages.filter((m) => m.payload.length === 1)).toHaveLength(512);
    publisher.close();
  });
});

// ---- Enhanced RTMP

const KEY = 1;
const INTER = 2;
const START = 0;
const FRAMES = 1;
const FRAMES_X = 3;
const MULTITRACK = 6;
const MOD_EX = 7;

const u24 = (value: number): Buffer => Buffer.of(value >> 16, value >> 8, value);
const ex = (frame: number, packet: number, ...rest: (string | Uint8Array)[]): Buffer =>
  Buffer.concat([
    Buffer.of(0x80 | (frame << 4) | packet),
    ...rest.map((r) => (typeof r === 'string' ? Buffer.from(r, 'latin1') : r)),
  ]);
const exAudio = (packet: number, ...rest: (string | Uint8Array)[]): Buffer =>
  Buffer.concat([Buffer.of(0x90 | packet), ...rest.map((r) => (typeof r === 'string' ? Buffer.from(r, 'latin1') : r))]);
const video = (timestamp: number, payload: Buffer): MediaMessage => ({ kind: 'video', timestamp, payload });
const audio = (timestamp: number, payload: Buffer): MediaMessage => ({ kind: 'audio', timestamp, payload });

/** The first video track of an MP4 file: its codec configuration, and its samples in decoding order. */
async function readMp4(path: string): Promise<{ config: Buffer; samples: Sample[] }> {
  const bytes = await readFile(path);
  const file = createFile();
  const samples: Sample[] = [];
  file.onReady = ({ videoTracks }) => {
    file.setExtractionOptions(videoTracks[0]?.id ?? 0, null, { nbSamples: 10_000 });
    file.start();
  };
  file.onSamples = (_id, _user, more) => samples.push(...more);
  file.appendBuffer(Object.assign(new Uint8Array(bytes).buffer, { fileStart: 0 }));
  file.flush();
  const entry = file.getTrackById(1).mdia.minf.stbl.stsd.entries[0] as unknown as Record<string, unknown>;
  const box = (entry.hvcC ?? entry.av1C) as { start: number; size: number; hdr_size: number };
  return { config: bytes.subarray(box.start + box.hdr_size, box.start + box.size), samples };
}

/** An MP4 sample as an Enhanced RTMP tag body; only HEVC tells a composition time. */
function wrap(fourcc: 'hvc1' | 'av01', sample: Sample): MediaMessage {
  const scale = 1000 / sample.timescale;
  const time = Math.round(sample.dts * scale);
  const cts = Math.round((sample.cts - sample.dts) * scale);
  const frame = sample.is_sync ? KEY : INTER;
  const data = sample.data as Uint8Array;
  if (fourcc === 'av01') return video(time, ex(frame, FRAMES, fourcc, data));
  return video(time, cts === 0 ? ex(frame, FRAMES_X, fourcc, data) : ex(frame, FRAMES, fourcc, u24(cts), data));
}

withPeers('ffmpeg')('Enhanced RTMP (R13)', () => {
  const encoders = {
    hvc1: [['libx265', '-x265-params', 'log-level=error:keyint=25:scenecut=0:bframes=2:open-gop=0', '-tag:v', 'hvc1']],
    av01: [
      ['libsvtav1', '-preset', '12', '-g', '25'],
      ['libaom-av1', '-cpu-used', '8', '-usage', 'realtime', '-g', '25'],
    ],
  };

  async function encode(fourcc: 'hvc1' | 'av01'): Promise<{ config: Buffer; samples: Sample[] }> {
    const dir = await mkdtemp(join(tmpdir(), 'srs-mp4-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25', '-t', '4', '-pix_fmt', 'yuv420p'];
    const failures: string[] = [];
    for (const encoder of encoders[fourcc]) {
      const path = join(dir, 'clip.mp4');
      const end = await run('ffmpeg', ['-v', 'error', '-y', ...source, '-c:v', ...encoder, path]);
      if (end.code === 0) return readMp4(path);
      failures.push(end.stderr);
    }
    throw new Error(`ffmpeg cannot encode ${fourcc}: ${failures.join('\n')}`);
  }

  test.each(['hvc1', 'av01'] as const)(
    '%s: an attached player gets every byte, a joiner the sequence start and then all from a key frame',
    async (fourcc) => {
      const { config, samples } = await encode(fourcc);
      expect(samples).toHaveLength(100);
      const start = video(0, ex(KEY, START, fourcc, config));
      const frames = samples.map((sample) => wrap(fourcc, sample));
      // Both layouts of coded frames are really there.
      if (fourcc === 'hvc1')
        expect(new Set(frames.map((m) => (m.payload[0] ?? 0) & 15))).toEqual(new Set([FRAMES, FRAMES_X]));
      expect(frames.map((m) => ((m.payload[0] ?? 0) >> 4) & 7).indexOf(KEY, 51)).toBe(75);

      const url = fresh();
      const early = await record(url);
      const publisher = await publish(url);
      sendAll(publisher, [start, ...frames.slice(0, 60)]);
      await arrived(early, 61);
      const late = await record(url);
      await arrived(late, 11);
      sendAll(publisher, frames.slice(60));
      await arrived(early, 101);
      await arrived(late, 51);
      expect(story(early.messages)).toEqual(story([start, ...frames]));
      expect(story(late.messages)).toEqual(story([{ ...start, timestamp: 2000 }, ...frames.slice(50)]));
      publisher.close();
    },
  );
});

describe('packets that the server does not know never pass for another codec’s header (R14)', () => {
  const plainStart = video(0, ex(KEY, START, 'hvc1', 'plain config'));
  const plainKey = (t: number) => video(t, ex(KEY, FRAMES_X, 'hvc1', `plain key ${t}`));
  const plainInter = (t: number) => video(t, ex(INTER, FRAMES_X, 'hvc1', `plain inter ${t}`));

  /** What a joiner gets when `odd` came between the sequence start and a key frame, and what the attached player got. */
  async function joined(odd: readonly MediaMessage[]): Promise<{ before: string[]; after: string[]; early: string[] }> {
    const url = fresh();
    const early = await record(url);
    const publisher = await publish(url);
    sendAll(publisher, [plainStart, plainKey(0), ...odd, plainKey(1000), plainInter(1040)]);
    await arrived(early, odd.length + 4);
    const late = await record(url);
    await late.until('the last frame', (m) => m.at(-1)?.timestamp === 1040);
    publisher.close();
    const all = story(late.messages);
    const key = all.indexOf(story([plainKey(1000)])[0] as string);
    expect(story(early.messages)).toEqual(story([plainStart, plainKey(0), ...odd, plainKey(1000), plainInter(1040)]));
    return { before: all.slice(0, key), after: all.slice(key), early: story(early.messages) };
  }

  const at = (m: MediaMessage): MediaMessage => ({ ...m, timestamp: 1000 });

  test.each<[string, MediaMessage[]]>([
    ['an unknown packet type', [9, 10, 14, 15].map((p) => video(40, ex(KEY, p, 'hvc1', 'what is this')))],
    ['an unknown packet type with an unknown FourCC', [video(40, ex(KEY, 12, 'zz\0\xff', 'what is this'))]],
    ['a sequence end', [video(0, ex(KEY, 2, 'hvc1'))]],
    ['a ModEx prefix before a frame', [video(40, ex(INTER, MOD_EX, Buffer.of(2, 1, 2, 3, FRAMES_X), 'hvc1', 'inter'))]],
    [
      'a long ModEx prefix, and one behind another',
      [
        video(40, ex(INTER, MOD_EX, Buffer.of(255, 1, 43), Buffer.alloc(300, 7), Buffer.of(FRAMES_X), 'hvc1', 'inter')),
        video(80, ex(INTER, MOD_EX, Buffer.of(0, 9, MOD_EX, 0, 9, FRAMES_X), 'hvc1', 'inter')),
      ],
    ],
    ['a ModEx prefix that never ends', [video(40, ex(KEY, MOD_EX, Buffer.of(200, 1, 2)))]],
    ['a multitrack packet that is cut off', [video(40, ex(KEY, MULTITRACK, Buffer.of(0x10), 'hvc1'))]],
    ['a reserved multitrack layout', [video(40, ex(KEY, MULTITRACK, Buffer.of(0xf0), 'hvc1', Buffer.of(0), 'config'))]],
    ['nothing behind the first byte', [video(40, ex(KEY, START)), audio(41, exAudio(START))]],
    ['an unknown audio packet type', [audio(40, exAudio(10, 'Opus', 'what is this'))]],
  ])('%s is relayed and not cached', async (_, odd) => {
    const { before, after } = await joined(odd);
    expect(before).toEqual(story([at(plainStart)]));
    expect(after).toEqual(story([plainKey(1000), plainInter(1040)]));
  });

  const trackStart = video(0, ex(KEY, MULTITRACK, Buffer.of(START), 'hvc1', Buffer.of(1), 'config of track 1'));
  const trackKey = (t: number) =>
    video(t, ex(KEY, MULTITRACK, Buffer.of(FRAMES_X), 'hvc1', Buffer.of(1), `key of 1 at ${t}`));
  const sized = (body: string): Buffer => Buffer.concat([u24(body.length), Buffer.from(body)]);

  test('one-track multitrack: the second track’s configuration stands beside the first’s', async () => {
    const { before } = await joined([trackStart]);
    expect(before).toEqual(story([at(plainStart), at(trackStart)]));
  });

  test('a multitrack packet of track 0 does not take the plain track’s place', async () => {
    const zero = video(0, ex(KEY, MULTITRACK, Buffer.of(START), 'av01', Buffer.of(0), 'AV1 in track 0'));
    const { before } = await joined([zero]);
    expect(before).toEqual(story([at(plainStart), at(zero)]));
  });

  test('ModEx before a multitrack sequence start, many tracks, many tracks of many codecs', async () => {
    const modEx = video(
      0,
      ex(KEY, MOD_EX, Buffer.of(2, 0, 0, 1, MULTITRACK, START), 'hvc1', Buffer.of(3), 'config of 3'),
    );
    const many = video(
      0,
      ex(
        KEY,
        MULTITRACK,
        Buffer.of(0x10 | START),
        'av01',
        Buffer.of(4),
        sized('config 4'),
        Buffer.of(5),
        sized('config 5'),
      ),
    );
    const codecs = video(
      0,
      ex(
        KEY,
        MULTITRACK,
        Buffer.of(0x20 | START),
        'av01',
        Buffer.of(6),
        sized('c6'),
        'vp09',
        Buffer.of(7),
        sized('c7'),
      ),
    );
    const { before } = await joined([modEx, many, codecs]);
    expect(before).toEqual(story([at(plainStart), at(modEx), at(many), at(codecs)]));
  });

  test('audio: Opus, its multichannel layout, and a second track in AC-3, each kept', async () => {
    const opus = audio(0, exAudio(START, 'Opus', 'OpusHead'));
    const layout = audio(0, exAudio(4, 'Opus', Buffer.of(1, 2, 0, 0, 0, 3)));
    const second = audio(0, exAudio(5, Buffer.of(START), 'ac-3', Buffer.of(1), 'config'));
    const frame = audio(20, exAudio(FRAMES, 'Opus', 'frame'));
    const { before } = await joined([opus, layout, second, frame]);
    expect(before).toEqual(story([at(opus), at(layout), at(second), at(plainStart)]));
  });

  test('an unknown FourCC on its own: its sequence start is kept, a joiner starts at its key frame', async () => {
    const url = fresh();
    const publisher = await publish(url);
    const early = await record(url);
    const start = video(0, ex(KEY, START, 'x\0\xfe7', 'config'));
    const frames = [KEY, INTER, KEY, INTER].map((f, i) => video(i * 40, ex(f, FRAMES, 'x\0\xfe7', `frame ${i}`)));
    sendAll(publisher, [start, ...frames]);
    await arrived(early, 5);
    const late = await record(url);
    await arrived(late, 3);
    expect(story(early.messages)).toEqual(story([start, ...frames]));
    expect(story(late.messages)).toEqual(story([{ ...start, timestamp: 80 }, ...frames.slice(2)]));
    publisher.close();
  });

  test('several video tracks whose key frames follow each other, as OBS sends them: a joiner gets all of them', async () => {
    const url = fresh();
    const publisher = await publish(url);
    const early = await record(url);
    const trackInter = (t: number) =>
      video(t, ex(INTER, MULTITRACK, Buffer.of(FRAMES_X), 'hvc1', Buffer.of(1), `inter of 1 at ${t}`));
    const pair = (t: number) => (t % 400 === 0 ? [plainKey(t), trackKey(t)] : [plainInter(t), trackInter(t)]);
    const frames = Array.from({ length: 15 }, (_, i) => pair(i * 40)).flat();
    sendAll(publisher, [plainStart, trackStart, ...frames]);
    await arrived(early, 32);
    expect(story(early.messages)).toEqual(story([plainStart, trackStart, ...frames]));
    const late = await record(url);
    await late.until('the last frame', (m) => m.at(-1)?.timestamp === 14 * 40);
    const since400 = frames.filter((m) => m.timestamp >= 400);
    const headers = [plainStart, trackStart].map((m) => ({ ...m, timestamp: 400 }));
    expect(story(late.messages).slice(0, 2 + since400.length)).toEqual(story([...headers, ...since400]));
    publisher.close();
  });
});
