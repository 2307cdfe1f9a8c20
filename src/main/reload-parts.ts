import { isDeepStrictEqual } from 'node:util';
import type { Prepared, Reloadable } from '../app/index.js';
import type { Config } from '../config/index.js';
import { acquirePidFile, type Log, type LogOutput, type PidFile } from '../kernel/index.js';
import { watchFile } from './watch-file.js';

const nothing: Prepared = { undo: () => undefined };

/** The log's file, tank and level. */
export const logPart = (output: LogOutput): Reloadable => ({
  async reload({ log: before }, { log: after }) {
    if (isDeepStrictEqual(before, after)) return nothing;
    output.change(after);
    return { undo: () => output.change(before) };
  },
});

/** The pid file: the new one is held before the old one is given up. */
export class PidPart implements Reloadable {
  constructor(private file: PidFile) {}

  async reload(before: Config, after: Config): Promise<Prepared> {
    if (before.pid === after.pid) return nothing;
    const former = this.file;
    const fresh = acquirePidFile(after.pid);
    return {
      undo: () => fresh.release(),
      commit: () => {
        this.file = fresh;
        former.release();
      },
    };
  }

  release(): void {
    this.file.release();
  }
}

/** `inotify_auto_reload`: reloads when the file changes, without a signal. */
export class WatchPart implements Reloadable {
  #watch: { close(): void } | undefined;

  constructor(
    private readonly file: string,
    private readonly changed: () => void,
    private readonly log: Log,
  ) {}

  set(on: boolean): void {
    this.#watch?.close();
    this.#watch = on
      ? watchFile(this.file, this.changed, (why) => this.log.warn({ why }, 'the configuration file cannot be watched'))
      : undefined;
  }

  async reload(before: Config, after: Config): Promise<Prepared> {
    if (before.inotifyAutoReload === after.inotifyAutoReload) return nothing;
    return { undo: () => undefined, commit: () => this.set(after.inotifyAutoReload) };
  }
}
