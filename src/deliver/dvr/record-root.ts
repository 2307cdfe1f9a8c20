import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, rename, statfs, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { errnoOf, type Log, makeContained, reasonOf } from '../../kernel/index.js';
import { OwnFiles, placeOf, TEMPORARY, visitLeft } from '../own-files.js';
import { numbered } from './file-name.js';
import { repair } from './repair.js';

/** Never a file that is there, nor one behind a link. */
const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const MODE = 0o664;
/** So many files of one name, then the time goes into it. */
const MOST_NUMBERS = 99;
/** What may wait for the disk, all recordings of the directory together, bytes. */
const MOST_WAITING = 256 * 2 ** 20;
/** A disk that was full is tried again when it has this much room, bytes: less would be full at once. */
const ROOM = 4 * 2 ** 20;

/** A file that is being recorded. */
export interface OpenFile {
  /** Below the directory; on disk it has `.tmp` behind it. */
  readonly path: string;
  readonly handle: FileHandle;
}

/**
 * A directory for recordings. One thing is done at a time, so a disk that hangs holds up no more than one thread of
 * Node's pool, and what waits for it is bounded. Files that are open are on record there, so that the next start
 * repairs what a killed process has left (reliability R20), and touches nothing else.
 */
export class RecordRoot {
  readonly directory: string;
  readonly #own: OwnFiles;
  #lane: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #repaired: Promise<void> | undefined;

  constructor(
    directory: string,
    private readonly log: Log,
  ) {
    this.directory = resolve(directory);
    this.#own = new OwnFiles(this.directory, 'dvr');
  }

  /** Bytes that wait for the disk. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes room for bytes that are to be written. @returns false: too much waits already. */
  take(bytes: number): boolean {
    if (this.#waiting + bytes > MOST_WAITING) return false;
    this.#waiting += bytes;
    return true;
  }

  /** They are written, or given up. */
  give(bytes: number): void {
    this.#waiting -= bytes;
  }

  /** Does something when all before it is done. */
  inTurn<T>(job: () => Promise<T>): Promise<T> {
    const done = this.#lane.then(job);
    this.#lane = done.catch(() => undefined);
    return done;
  }

  /** Whether a disk that was full has room again. Within a turn. */
  async hasRoom(): Promise<boolean> {
    const found = await statfs(this.directory).catch(() => undefined);
    return found === undefined || found.bavail * found.bsize >= ROOM;
  }

  /** Makes the file, under a name that no other one has. Within a turn. @param at ms since 1970. */
  async create(wanted: string, at: number): Promise<OpenFile> {
    for (const path of candidates(wanted, at)) {
      const place = await makeContained(this.directory, path);
      if (place === undefined) throw new Error('a link leads out of the directory');
      if (await exists(place)) continue;
      await this.#own.add(path);
      try {
        return { path, handle: await open(place + TEMPORARY, CREATE, MODE) };
      } catch (cause) {
        await this.#own.drop(path);
        if (errnoOf(cause) !== 'EEXIST') throw cause;
      }
    }
    throw new Error('every name for it is taken');
  }

  /** Gives the closed file its name; another one, should somebody have taken it meanwhile. Within a turn. @returns its path. */
  async name(path: string, at: number): Promise<string> {
    const place = await this.#place(path);
    for (const candidate of candidates(path, at)) {
      if (!(await moveUnlessThere(place + TEMPORARY, await this.#place(candidate)))) continue;
      await this.#own.drop(path);
      return candidate;
    }
    throw new Error('every name for it is taken');
  }

  /** Removes a file that holds nothing. Within a turn. */
  async discard(path: string): Promise<void> {
    await unlink((await this.#place(path)) + TEMPORARY);
    await this.#own.drop(path);
  }

  async #place(path: string): Promise<string> {
    const place = await placeOf(this.directory, path);
    if (place === undefined) throw new Error('its directory is gone, or led elsewhere');
    return place;
  }

  /** Repairs what killed processes have left, once, in the background; recordings go on meanwhile. */
  repair(): void {
    this.#repaired ??= visitLeft(this.directory, 'dvr', (path) => this.#repair(path));
  }

  async #repair(path: string): Promise<boolean> {
    try {
      const place = await placeOf(this.directory, path);
      if (place === undefined || !(await exists(place + TEMPORARY))) return true;
      const found = await repair(place + TEMPORARY);
      if (found === undefined) {
        await unlink(place + TEMPORARY);
        return true;
      }
      // A recording that begins under the same name meanwhile would lose its place on record.
      const file = await this.inTurn(() => this.name(path, Date.now()));
      this.log.info({ directory: this.directory, file, ...found }, 'recording of a killed process repaired');
      return true;
    } catch (cause) {
      this.log.error({ directory: this.directory, file: path, why: reasonOf(cause) }, 'recording cannot be repaired');
      return false;
    }
  }

  /** When all is done. */
  async close(): Promise<void> {
    await this.#repaired;
    await this.inTurn(() => this.#own.close());
  }
}

function* candidates(path: string, at: number): Iterable<string> {
  for (let number = 1; number <= MOST_NUMBERS; number++) yield numbered(path, number);
  yield path.replace(/(\.[^./]*)$/, `-${Math.floor(at)}$1`);
}

const exists = (file: string): Promise<boolean> =>
  lstat(file).then(
    () => true,
    (cause) => {
      if (errnoOf(cause) === 'ENOENT') return false;
      throw cause;
    },
  );

/** @returns false: there is such a file, and it stays. */
async function moveUnlessThere(from: string, to: string): Promise<boolean> {
  try {
    // A link fails where a rename would replace.
    await link(from, to);
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') {
      if (!(await isSame(from, to))) return false;
      // Killed between the two steps.
      await unlink(from);
      return true;
    }
    if (errnoOf(cause) === 'ENOENT') throw cause;
    // Some file systems have no links.
    if (await exists(to)) return false;
    await rename(from, to);
    return true;
  }
  await unlink(from);
  return true;
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([lstat(one, { bigint: true }), lstat(other, { bigint: true })]);
  return a.ino === b.ino && a.dev === b.dev;
}
