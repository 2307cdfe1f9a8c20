import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { errnoOf } from '../kernel/index.js';

/**
 * Whether a name stands for any number of files: `conf.d/*.conf`. `*` and `?` in the last part of the path are all that
 * is understood. @throws {Error} for other patterns.
 */
export function isPattern(name: string): boolean {
  if (!/[*?]/.test(name)) return false;
  if (/[*?]/.test(dirname(name)) || /[[{]/.test(basename(name)))
    throw new Error('of patterns, * and ? in the name of the file are known');
  return true;
}

/**
 * The files that a pattern stands for, by name; none is fine, as for a directory that is still empty. As in a shell
 * neither `*` nor `?` is a dot at the start of a name. @throws {Error} for a directory that cannot be read.
 */
export function filesLike(pattern: string): string[] {
  const last = basename(pattern);
  const literally = last.replaceAll(/[\\^$.|+()\]}]/g, '\\$&');
  const name = new RegExp(`^${literally.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
  return namesIn(dirname(pattern))
    .filter((file) => name.test(file) && (last.startsWith('.') || !file.startsWith('.')))
    .sort()
    .map((file) => pattern.slice(0, pattern.length - last.length) + file);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return [];
    throw cause;
  }
}
