import { mkdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { errnoOf } from './errno.js';

/**
 * The real place of `path` below `directory`, links followed.
 * @returns undefined when there is no such file, or when it lies outside (reliability S1).
 */
export async function containedPath(directory: string, path: string): Promise<string | undefined> {
  const root = await real(resolve(directory));
  const file = await real(resolve(directory, `.${sep}${path}`));
  return root === undefined || file === undefined || !isWithin(root, file) ? undefined : file;
}

/**
 * Makes a directory and, within it, the directories of `path`.
 * @param path of a file, relative; it may hold `..`.
 * @returns the real place that the file will have, or undefined when a link would lead it outside.
 * @throws what the system says when a directory cannot be made.
 */
export async function makeContained(directory: string, path: string): Promise<string | undefined> {
  await make(resolve(directory));
  const root = await realpath(directory);
  const parts = join(sep, path).split(sep).slice(1);
  const name = parts.pop() ?? '';
  let at = root;
  for (const part of parts) {
    await make(join(at, part));
    at = await realpath(join(at, part));
    if (!isWithin(root, at)) return undefined;
  }
  return join(at, name);
}

/** Not mkdir's own `recursive`: where the system says ENOENT for a directory that cannot be (/proc/x), it spins. */
async function make(directory: string): Promise<void> {
  if ((await real(directory)) !== undefined) return;
  const parent = dirname(directory);
  if (parent !== directory) await make(parent);
  await mkdir(directory).catch((cause: unknown) => {
    if (errnoOf(cause) !== 'EEXIST') throw cause; // else another one was faster
  });
}

const isWithin = (root: string, file: string): boolean =>
  file === root || file.startsWith(root.endsWith(sep) ? root : root + sep);

const real = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined);
