import { realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';

/**
 * The real place of `path` below `directory`, links followed.
 * @returns undefined when there is no such file, or when it lies outside (reliability S1).
 */
export async function containedPath(directory: string, path: string): Promise<string | undefined> {
  const root = await real(resolve(directory));
  const file = await real(resolve(directory, `.${sep}${path}`));
  if (root === undefined || file === undefined) return undefined;
  return file === root || file.startsWith(root.endsWith(sep) ? root : root + sep) ? file : undefined;
}

const real = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined);
