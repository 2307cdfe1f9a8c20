// @ts-check
/** What a run needs and does not find in the project: the compiled load tools and the clip. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cache } from './machine.mjs';

/** @param {string} name */
export const tool = (name) => join(cache, name);
export const clip = join(cache, 'clip-500k.flv');
export const clip2M = join(cache, 'clip-2m.flv');

export function compileTools() {
  mkdirSync(cache, { recursive: true });
  for (const name of ['sink', 'limit', 'publish', 'probe'])
    execFileSync('cc', ['-O2', '-Wall', '-o', tool(name), join(import.meta.dirname, `${name}.c`)], {
      stdio: 'inherit',
    });
}

/** @param {number} kbps */
const video = (kbps) => [
  ...'-c:v libx264 -preset veryfast -profile:v main -pix_fmt yuv420p -bf 0 -g 50 -keyint_min 50 -sc_threshold 0'.split(
    ' ',
  ),
  ...`-b:v ${kbps}k -maxrate ${kbps}k -bufsize ${kbps}k -x264-params nal-hrd=cbr`.split(' '),
];
const audio = '-c:a aac -b:a 64k -ac 2'.split(' ');

/** H.264 at 25 fps, a key frame every 2 s, and AAC 64 kbps, of 500 kbps and 2 Mbps together; one minute each. */
export function makeClips() {
  makeClip(clip, '640x360', 436);
  makeClip(clip2M, '1280x720', 1936);
}

/** @param {string} file @param {string} size @param {number} kbps */
function makeClip(file, size, kbps) {
  if (existsSync(file)) return;
  const inputs = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=25`, '-f', 'lavfi', '-i', 'anoisesrc=r=44100:a=0.1'];
  const half = `${file}.part`;
  const output = [...video(kbps), ...audio, '-f', 'flv', half];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...inputs, '-t', '60', ...output], { stdio: 'inherit' });
  renameSync(half, file);
}
