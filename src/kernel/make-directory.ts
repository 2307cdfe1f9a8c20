import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory and its parents.
 * Not mkdir's own `recursive`: where the system says ENOENT for a directory that cannot be (/proc/x), it spins.
 */
export function makeDirectory(directory: string): void {
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent);
  try {
    mkdirSync(directory);
  } catch (cause) {
    if (!existsSync(directory)) throw cause; // else another starter was faster
  }
}
