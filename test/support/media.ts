import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.js';

export interface ClipOptions {
  video?: 'h264' | 'flv1' | 'none';
  audio?: 'aac' | 'mp3' | 'speex' | 'none';
  /** Of the loudspeakers, as ffmpeg names it; of AAC only. */
  layout?: string;
  /** Of H.264 only. */
  bFrames?: 0 | 1 | 2 | 3 | 4;
  seconds?: number;
  /** Of the picture, `WIDTHxHEIGHT`. */
  size?: string;
  /** Frames from one key frame to the next. */
  gop?: number;
  /** Seconds at which there is a key frame besides: groups are counted from there. Of H.264 only. */
  keyAt?: number;
}

/** ffmpeg's output arguments, apart from the file. */
function encoding(options: ClipOptions): string[] {
  const { video = 'h264', audio = 'aac', bFrames = 0, seconds = 30, size = '640x360', gop = 50, keyAt } = options;
  const inputs: string[] = [];
  const codecs: string[] = [];
  if (video !== 'none') {
    inputs.push('-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`);
    codecs.push('-c:v', video === 'h264' ? 'libx264' : 'flv', '-pix_fmt', 'yuv420p', '-g', `${gop}`, '-b:v', '436k');
    if (video === 'h264')
      codecs.push(
        '-preset',
        'veryfast',
        '-profile:v',
        'main',
        '-bf',
        `${bFrames}`,
        '-x264-params',
        'scenecut=0:b-adapt=0',
        ...(keyAt === undefined ? [] : ['-force_key_frames', `${keyAt}`]),
      );
  }
  if (audio !== 'none') {
    if (options.layout !== undefined) codecs.push('-af', `aformat=channel_layouts=${options.layout}`);
    const [codec, rate, channels] = {
      aac: ['aac', 44_100, 2],
      mp3: ['libmp3lame', 44_100, 2],
      speex: ['libspeex', 16_000, 1],
    }[audio] as [string, number, number];
    inputs.push('-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${rate}`);
    codecs.push('-c:a', codec, '-ar', `${rate}`, '-b:a', audio === 'speex' ? '24k' : '64k');
    if (options.layout === undefined) codecs.push('-ac', `${channels}`);
  }
  return [...inputs, ...codecs, '-t', `${seconds}`, '-f', 'flv'];
}

/**
 * An FLV file for publishing: 25 frames a second; when nothing else is said 640×360, a key frame every 2 s, 500 kbps, 30 s.
 * Made once per set of options and kept in the directory for temporary files.
 * @returns its path. @throws when ffmpeg lacks the encoder.
 */
export async function clip(options: ClipOptions = {}): Promise<string> {
  const args = encoding(options);
  const dir = join(tmpdir(), `srs-test-media-${process.getuid?.() ?? 0}`);
  const file = join(dir, `${createHash('sha256').update(args.join(' ')).digest('hex').slice(0, 16)}.flv`);
  if (existsSync(file)) return file;
  await mkdir(dir, { recursive: true });
  const part = `${file}.${process.pid}.part`;
  try {
    const end = await run('ffmpeg', ['-v', 'error', '-y', ...args, part], { timeoutMs: 120_000 });
    if (end.code !== 0) throw new Error(`ffmpeg could not make a test clip: ${end.stderr}`);
    await rename(part, file); // whole or not at all, should another test file make the same one
  } finally {
    await rm(part, { force: true });
  }
  return file;
}
