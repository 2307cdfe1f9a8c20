import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { messageOf } from '../kernel/index.js';

/** Editors write a file in several steps; what comes within this time is one change. */
const SETTLE = 300;

/**
 * Calls `changed` after the file was written or replaced. The directory is watched, because editors and ConfigMaps
 * put another file in its place. A directory that cannot be watched is reported once through `failed`.
 */
export function watchFile(file: string, changed: () => void, failed: (why: string) => void): { close(): void } {
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher;
  try {
    watcher = watch(dirname(file), (_event, name) => {
      // Kubernetes swaps a link named ..data beside the file.
      if (name !== null && name !== basename(file) && !name.startsWith('..')) return;
      clearTimeout(timer);
      timer = setTimeout(changed, SETTLE);
    });
  } catch (error) {
    failed(messageOf(error));
    return { close: () => undefined };
  }
  watcher.on('error', (error) => failed(error.message));
  return {
    close: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
}
