import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from '../../config/index.js';

const MAX_LOG_NAME = 200;

/**
 * Where the log of an ffmpeg is kept.
 * @param prefix tells what it is for. @param names what tells it apart from others of its kind; they may have letters
 * that no file name has, and be too long for one.
 * @returns undefined: nowhere.
 */
export function ffmpegLog(
  { dir, maxSize }: Config['ffLog'],
  prefix: string,
  names: readonly string[],
): { readonly file: string; readonly maxBytes: number } | undefined {
  if (dir === '/dev/null') return undefined;
  const plain = [prefix, ...names].join('-').replaceAll(/[^\p{L}\p{N}._-]/gu, '-');
  const fits = Buffer.byteLength(plain) <= MAX_LOG_NAME;
  const hash = (): string => createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 32);
  return { file: join(dir, `${fits ? plain : `${prefix}-${hash()}`}.log`), maxBytes: maxSize };
}
