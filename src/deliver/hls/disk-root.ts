import { constants } from 'node:fs';
import { open as openFile, rename, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errnoOf, type Log, makeContained } from '../../kernel/index.js';
import { OwnFiles, placeOf, sweep, TEMPORARY } from '../own-files.js';

/** A link in place of the file is not followed. */
const WRITE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
const MODE = 0o664;

/** How a file is opened for writing; a test makes it fail. */
export type Open = typeof openFile;

/**
 * A directory for HLS files. One thing is done at a time, so a disk that hangs holds up no more than one thread of
 * Node's pool; and only files that were made here are ever removed.
 */
export class DiskRoot {
  readonly directory: string;
  readonly #own: OwnFiles;
  readonly #owners = new Map<string, object>();
  #lane: Promise<unknown>;

  constructor(
    directory: string,
    private readonly log: Log,
    private readonly open: Open = openFile,
  ) {
    this.directory = resolve(directory);
    this.#own = new OwnFiles(this.directory);
    this.#lane = this.#sweep();
  }

  async #sweep(): Promise<void> {
    const removed = await sweep(this.directory);
    if (removed > 0) this.log.info({ directory: this.directory, removed }, 'HLS files of a killed process removed');
  }

  /** Does something when all before it is done. */
  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#lane.then(job);
    this.#lane = done.catch(() => undefined);
    return done;
  }

  /**
   * Writes a file whole: whoever reads it meets the former one or this one.
   * @param path from the directory. @param owner who writes it; another one cannot. @throws when it cannot be written.
   */
  write(path: string, bytes: Uint8Array | string, owner: object): Promise<void> {
    return this.#inTurn(async () => {
      if ((this.#owners.get(path) ?? owner) !== owner) throw new Error('another stream has this file');
      const place = await makeContained(this.directory, path);
      if (place === undefined) throw new Error('a link leads out of the directory');
      await this.#own.add(path);
      this.#owners.set(path, owner);
      await this.#write(place, bytes);
    });
  }

  async #write(place: string, bytes: Uint8Array | string): Promise<void> {
    const temporary = place + TEMPORARY;
    try {
      const file = await this.open(temporary, WRITE, MODE);
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
      await rename(temporary, place);
    } catch (cause) {
      await unlink(temporary).catch(() => undefined);
      throw cause;
    }
  }

  /** Removes a file if it was written by this owner. @throws when it cannot be removed. */
  remove(path: string, owner: object): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#owners.get(path) !== owner) return;
      const place = await placeOf(this.directory, path);
      if (place !== undefined)
        await unlink(place).catch((cause) => {
          if (errnoOf(cause) !== 'ENOENT') throw cause;
        });
      await this.#giveUp(path);
    });
  }

  /** Leaves a file to the operator. */
  release(path: string, owner: object): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#owners.get(path) === owner) await this.#giveUp(path);
    });
  }

  async #giveUp(path: string): Promise<void> {
    this.#owners.delete(path);
    await this.#own.drop(path);
  }

  /** When all is done. */
  close(): Promise<void> {
    return this.#inTurn(() => this.#own.close());
  }
}
