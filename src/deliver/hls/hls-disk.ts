import { resolve } from 'node:path';
import type { Config, VhostConfig } from '../../config/index.js';
import { type Ms, ms } from '../../core/index.js';
import type { Clock, Log } from '../../kernel/index.js';
import { DiskRoot } from './disk-root.js';

type Hls = VhostConfig['hls'];

/** Whether streams are written to files. */
export const writesFiles = ({ hlsPath, hlsStorage }: Hls): boolean => hlsPath !== '' && hlsStorage !== 'ram';

/** Whether streams are served from memory. */
export const servesMemory = ({ hlsStorage }: Hls): boolean => hlsStorage !== 'disk';

export const keyDirectory = ({ hlsPath, hlsKeyFilePath }: Hls): string =>
  hlsKeyFilePath === '' ? hlsPath : hlsKeyFilePath;

/** A stop of the server does not wait longer for a disk that hangs. */
const PATIENCE = ms(5000);

/** The directories of this process that HLS files are written to, each with one lane. */
export class HlsDisk {
  readonly #roots = new Map<string, DiskRoot>();

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** What is in use: a directory is cleared of what a killed process left there when it is first named. */
  root(directory: string): DiskRoot {
    const path = resolve(directory);
    let root = this.#roots.get(path);
    if (root === undefined) {
      root = new DiskRoot(path, this.log);
      this.#roots.set(path, root);
    }
    return root;
  }

  /** Clears all directories that a configuration names, before anything is written there. */
  prepare(config: Config): void {
    for (const { enabled, hls } of config.vhosts.values())
      if (enabled && hls.enabled && writesFiles(hls))
        for (const directory of [hls.hlsPath, keyDirectory(hls)]) this.root(directory);
  }

  /** Waits for what is still to be written and removed. */
  async close(pending: Iterable<Promise<void>>): Promise<void> {
    const done = Promise.all(pending).then(() => Promise.all([...this.#roots.values()].map((root) => root.close())));
    await Promise.race([done, this.#after(PATIENCE)]);
  }

  #after(delay: Ms): Promise<void> {
    return new Promise((resolve) => this.clock.after(delay, resolve));
  }
}
