import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { decodeComplaints } from '../support/decode.js';
import { freePort } from '../support/free-port.js';
import { type ClipOptions, clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { background, run, until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { pushFile } from '../support/streams.js';

const root = join(import.meta.dirname, '../..');
/** ffmpeg needs seconds to begin where the machine has other work. */
const PATIENCE = 30_000;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'srs-transcode-samples-'));
  symlinkSync(join(root, 'conf'), join(dir, 'conf'));
  mkdirSync(join(dir, 'objs'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Track {
  readonly codec_name: string;
  readonly codec_type: string;
  readonly profile?: string;
  readonly width?: number;
  readonly height?: number;
  readonly r_frame_rate?: string;
  readonly sample_rate?: string;
  readonly channels?: number;
}

/** The first seconds of a stream in a file, in a container that keeps bit rates honest. */
async function recordTo(url: string, seconds: number): Promise<string> {
  const file = join(dir, `${Math.random()}.mkv`);
  const end = await run('ffmpeg', ['-v', 'error', '-i', url, '-t', `${seconds}`, '-c', 'copy', '-dn', file], {
    timeoutMs: seconds * 1000 + PATIENCE,
  });
  expect(end.code, end.stderr).toBe(0);
  return file;
}

async function tracks(file: string): Promise<Record<string, Track>> {
  const end = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_streams', file]);
  const { streams } = JSON.parse(end.stdout) as { streams: Track[] };
  return Object.fromEntries(streams.map((track) => [track.codec_type, track]));
}

/** kbps of the video, from its packets. */
async function videoRate(file: string): Promise<number> {
  const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time,size', '-of', 'csv=p=0', file];
  const packets = (await run('ffprobe', args)).stdout
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number));
  const times = packets.map(([time = 0]) => time);
  const bytes = packets.reduce((sum, [, size = 0]) => sum + size, 0);
  return (bytes * 8) / 1000 / (Math.max(...times) - Math.min(...times));
}

/** Colours of the picture of a file after some seconds. */
async function picture(file: string, seconds: number) {
  const raw = `${file}.rgb`;
  const { video } = await tracks(file);
  const args = [
    '-v',
    'error',
    '-y',
    '-i',
    file,
    '-ss',
    `${seconds}`,
    '-frames:v',
    '1',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    raw,
  ];
  expect((await run('ffmpeg', args)).code).toBe(0);
  const bytes = readFileSync(raw);
  const width = video?.width ?? 0;
  return {
    width,
    height: video?.height ?? 0,
    /** Mean red, green and blue of a square. */
    at(x: number, y: number, size = 4): number[] {
      const sums = [0, 0, 0];
      for (let row = y; row < y + size; row++)
        for (let column = x; column < x + size; column++)
          for (const c of [0, 1, 2]) sums[c] = (sums[c] ?? 0) + (bytes[(row * width + column) * 3 + c] ?? 0);
      return sums.map((sum) => Math.round(sum / size ** 2));
    },
  };
}

const isNear = (a: readonly number[], b: readonly number[], by = 40): boolean =>
  a.every((value, i) => Math.abs(value - (b[i] ?? 0)) <= by);

/** A sample as it is, but for its ports, with an encoder that pushes. */
async function runSample(name: string, media: ClipOptions, results: readonly string[]) {
  const port = await freePort();
  const env = { ...process.env, SRS_LISTEN: String(port), SRS_PID: join(dir, 'objs/srs.pid') };
  const server = background(process.execPath, [join(root, 'dist/srs.mjs'), '-c', `conf/${name}`], { cwd: dir, env });
  await until('it runs', () => server.log().includes('srs is running'));
  pushFile(await clip(media), `rtmp://127.0.0.1:${port}/live/livestream`);
  for (const result of results)
    await until(`${result} is there`, () => server.log().includes(`live/livestream_${result}","style"`), PATIENCE);
  return { server, url: (result: string) => `rtmp://127.0.0.1:${port}/live/livestream${result}` };
}

withPeers('ffmpeg')('the samples of conf/', () => {
  test('transcode.ladder.conf: three sizes, rates and clocks', { timeout: 120_000 }, async () => {
    const { server, url } = await runSample('transcode.ladder.conf', {}, ['hd', 'sd', 'ld']);
    const steps = [
      ['hd', 1280, 720, 'Main', '25/1', [400, 1650], '44100', 2],
      ['sd', 640, 360, 'Main', '25/1', [250, 700], '44100', 2],
      ['ld', 426, 240, 'Constrained Baseline', '25/2', [100, 300], '22050', 1],
    ] as const;
    for (const [name, width, height, profile, rate, [least, most], sampleRate, channels] of steps) {
      const file = await recordTo(url(`_${name}`), 5);
      const { video, audio } = await tracks(file);
      expect(video, name).toMatchObject({ codec_name: 'h264', profile, width, height, r_frame_rate: rate });
      expect(audio, name).toMatchObject({ codec_name: 'aac', sample_rate: sampleRate, channels });
      const kbps = await videoRate(file);
      expect(kbps, `${name} kbps`).toBeGreaterThan(least);
      expect(kbps, `${name} kbps`).toBeLessThan(most);
      expect(await decodeComplaints(file)).toEqual([]);
    }
    expect(existsSync(join(dir, 'objs/ffmpeg-encoder-__defaultVhost__-live-livestream-hd.log'))).toBe(true);
    expect(server.log()).not.toContain('program failed');
    expect((await server.stop()).code).toBe(0);
  });

  describe('transcode.audio-aac.conf: audio of Flash encoders as AAC', () => {
    test.each(['speex', 'mp3'] as const)('%s', { timeout: 90_000 }, async (audio) => {
      const { server, url } = await runSample('transcode.audio-aac.conf', { audio }, ['aac']);
      const file = await recordTo(url('_aac'), 4);
      const result = await tracks(file);
      expect(result.audio).toMatchObject({ codec_name: 'aac', profile: 'LC', sample_rate: '44100', channels: 2 });
      expect(result.video).toMatchObject({ codec_name: 'h264', profile: 'Main', width: 640, height: 360 });
      expect(await decodeComplaints(file)).toEqual([]);
      expect(server.log()).not.toContain('program failed');
      await server.stop();
    });
  });

  test('transcode.logo.conf: the logo is in the picture', { timeout: 90_000 }, async () => {
    const { server, url } = await runSample('transcode.logo.conf', {}, ['logo']);
    const [plain, marked] = await Promise.all([recordTo(url(''), 3), recordTo(url('_logo'), 3)]);
    const [before, after] = [await picture(plain, 1), await picture(marked, 1)];
    expect([after.width, after.height]).toEqual([before.width, before.height]);
    // Its red ground beside the letters, and the white border around.
    const red = [208, 24, 48];
    expect(isNear(after.at(15, 20), red), `${after.at(15, 20)}`).toBe(true);
    expect(isNear(after.at(96, 36), red), `${after.at(96, 36)}`).toBe(true);
    expect(isNear(before.at(15, 20), red)).toBe(false);
    expect(isNear(before.at(96, 36), red)).toBe(false);
    expect(isNear(after.at(120, 60), red)).toBe(false);
    expect(server.log()).not.toContain('program failed');
    await server.stop();
  });
});

/** What docs/transcode.md shows. */
withPeers('ffmpeg')('docs/transcode.md', () => {
  const page = readFileSync(join(root, 'docs/transcode.md'), 'utf8');

  test('the first example, by its own commands', { timeout: 90_000 }, async () => {
    const [, config = ''] = /```nginx\n(vhost .*?)```/s.exec(page) ?? [];
    const [, commands = ''] = /```sh\n(ffmpeg .*?)```/s.exec(page) ?? [];
    const srs = await startSrs({
      config: `listen PORT; pid DIR/srs.pid; srs_log_tank console; ff_log_dir DIR; ${config}`,
    });
    await run('ffmpeg', ['-v', 'error', '-i', await clip(), '-c', 'copy', join(dir, 'movie.mp4')]);
    const env = { ...process.env, SDL_VIDEODRIVER: 'dummy', SDL_AUDIODRIVER: 'dummy' };
    const [push = '', play = ''] = commands
      .trim()
      .split('\n')
      .map((line) => `exec ${line.replace('HOST', `127.0.0.1:${srs.port}`)}`);
    background('sh', ['-c', push], { cwd: dir, env });
    await until('the result is there', () => srs.log().includes('live/livestream_sd","style"'), PATIENCE);
    const player = background('sh', ['-c', play], { cwd: dir, env });
    await until('it is played', () => srs.log().includes('live/livestream_sd","msg":"play started"'), PATIENCE);
    const ended = await Promise.race([player.ended, new Promise((go) => setTimeout(() => go('plays'), 3000))]);
    expect(ended, player.log()).toBe('plays');
    await srs.stop();
  });

  const engines = [...page.matchAll(/```nginx\n(engine (\w+) \{.*?)\n```/gs)];

  test('crop, text, scale by filter, and copies', { timeout: 120_000 }, async () => {
    const blocks = engines.map(([, block]) => block).join('\n');
    const srs = await startSrs({
      dir,
      config: `listen PORT; pid DIR/srs.pid; srs_log_tank console; ff_log_dir DIR;
        vhost __defaultVhost__ { transcode { enabled on; ffmpeg ffmpeg; ${blocks} } }`,
    });
    const names = engines.map(([, , name]) => name);
    expect(names).toEqual(['crop', 'text', 'half', 'sound', 'file']);
    pushFile(await clip(), srs.url('live', 's'));
    const published = names.filter((name) => name !== 'file');
    for (const name of published)
      await until(`${name} is there`, () => srs.log().includes(`live/s_${name}","style"`), PATIENCE);

    const cropped = await recordTo(srs.url('live', 's_crop'), 2);
    expect((await tracks(cropped)).video).toMatchObject({ width: 320, height: 180 });
    const half = await recordTo(srs.url('live', 's_half'), 2);
    expect((await tracks(half)).video).toMatchObject({ width: 320, height: 180, codec_name: 'h264' });
    const sound = await tracks(await recordTo(srs.url('live', 's_sound'), 2));
    expect(Object.keys(sound)).toEqual(['audio']);

    const [plain, marked] = await Promise.all([
      recordTo(srs.url('live', 's'), 2),
      recordTo(srs.url('live', 's_text'), 2),
    ]);
    const [before, after] = [await picture(plain, 1), await picture(marked, 1)];
    // The box of the text, in the lower left corner.
    const black = [16, 16, 16];
    expect(isNear(after.at(22, after.height - 40), black), `${after.at(22, after.height - 40)}`).toBe(true);
    expect(isNear(before.at(22, before.height - 40), black)).toBe(false);
    expect(srs.log()).not.toContain('program failed');
    await srs.stop();
    const { video, audio } = await tracks(join(dir, 'objs/live-s.flv'));
    expect([video?.codec_name, audio?.codec_name]).toEqual(['h264', 'aac']);
  });
});
