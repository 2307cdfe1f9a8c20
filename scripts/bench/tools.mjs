// @ts-check
/** What a run needs and does not find in the project: the compiled load tools and the clip. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cache } from './machine.mjs';

/** @param {string} name */
export const tool = (name) => join(cache, name);
export const clip = join(cache, 'clip-500k.flv');

export function compileTools() {
  mkdirSync(cache, { recursive: true });
  for (const name of ['sink', 'limit', 'publish', 'probe'])
    execFileSync('cc', ['-O2', '-Wall', '-o', tool(name), join(import.meta.dirname, `${name}.c`)], {
      stdio: 'inherit',
    });
}

const video = [
  ...'-c:v libx264 -preset veryfast -profile:v main -pix_fmt yuv420p -bf 0 -g 50 -keyint_min 50 -sc_threshold 0'.split(
    ' ',
  ),
  ...'-b:v 436k -maxrate 436k -bufsize 436k -x264-params nal-hrd=cbr'.split(' '),
];
const audio = '-c:a aac -b:a 64k -ac 2'.split(' ');

/** 500 kbps: H.264 436 kbps 640×360 at 25 fps, a key frame every 2 s, and AAC 64 kbps; one minute. */
export function makeClip() {
  if (existsSync(clip)) return;
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25', '-f', 'lavfi', '-i', 'anoisesrc=r=44100:a=0.1'];
  const half = `${clip}.part`;
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...inputs, '-t', '60', ...video, ...audio, '-f', 'flv', half], {
    stdio: 'inherit',
  });
  renameSync(half, clip);
}
