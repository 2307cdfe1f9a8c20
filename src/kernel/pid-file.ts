import { chmodSync, linkSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from './clock.js';
import { errnoOf, reasonOf } from './errno.js';
import { SystemError } from './errors.js';
import { makeDirectory } from './make-directory.js';
import { identityOf, isAlive, pidOf } from './process-identity.js';

export interface PidFile {
  /** Removes the file if it is still ours. Safe to call twice; never throws. */
  release(): void;
}

/**
 * Makes this process the only one that holds `path`, and writes its number there for tools (`kill $(cat srs.pid)`).
 * Node has no file locks, so `path`.lock names the holder by number, start time and boot: what a crash left behind is
 * told from a running server, even when another process has the number by now.
 * @throws {SystemError} PID_FILE when another process holds it or it cannot be written.
 */
export function acquirePidFile(path: string): PidFile {
  const lock = `${path}.lock`;
  const self = identityOf(process.pid);
  try {
    makeDirectory(dirname(path));
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('it is not a regular file');
    const holder = claim(lock, self);
    if (holder !== undefined)
      throw new SystemError('PID_FILE', `already running: pid ${pidOf(holder)} holds ${path}`, { path });
    try {
      place(`${process.pid}\n`, path, renameSync);
    } catch (cause) {
      remove(lock);
      throw cause;
    }
  } catch (cause) {
    if (cause instanceof SystemError) throw cause;
    throw new SystemError('PID_FILE', `cannot write the pid file ${path}: ${reasonOf(cause)}`, { path }, { cause });
  }
  return {
    release: () => {
      if (holds(lock, self) && holds(path, `${process.pid}`)) remove(path);
      if (holds(lock, self)) remove(lock);
    },
  };
}

const PATIENCE = 2000;
const PAUSE = 5;

/**
 * Takes a lock file, from a dead holder too. Only who holds `file`.break replaces a dead holder, and only after it
 * saw again that the lock is still the dead one's: of two starters that find the same leftover one wins. The break
 * lock is taken by the same rule, so a crash in between is no dead end.
 * @returns undefined when taken, else the identity of the living holder.
 */
function claim(file: string, self: string): string | undefined {
  for (const start = systemClock.now(); ; ) {
    if (place(self, file, linkUnlessThere)) return undefined;
    const holder = read(file);
    if (holder === undefined) continue; // released just now
    if (isAlive(holder)) return holder;

    const breakLock = `${file}.break`;
    const rival = claim(breakLock, self);
    if (rival === undefined) {
      try {
        if (read(file) === holder) {
          place(self, file, renameSync);
          return undefined;
        }
      } finally {
        remove(breakLock);
      }
    } else if (systemClock.now() - start > PATIENCE) return rival;
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
  }
}

let temporaries = 0;

/** Writes a file of its own and brings it to `file` whole, so that nobody ever reads half of it. */
function place<T>(text: string, file: string, bring: (temporary: string, file: string) => T): T {
  const temporary = `${file}.${process.pid}.${temporaries++}`;
  try {
    writeFileSync(temporary, text);
    chmodSync(temporary, 0o644);
    return bring(temporary, file);
  } finally {
    remove(temporary); // unless it was renamed
  }
}

function linkUnlessThere(temporary: string, file: string): boolean {
  try {
    linkSync(temporary, file);
    return true;
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST') return false;
    throw cause;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
}

function holds(file: string, content: string): boolean {
  try {
    return read(file) === content;
  } catch {
    return false;
  }
}

/** What cannot be removed names a dead holder soon, and the next start takes over. */
function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // See above.
  }
}
