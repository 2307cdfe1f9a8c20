import { messageOf } from './cause.js';

/** The system's own code of an error (`ENOENT`); undefined: it is not the system's. */
export const errnoOf = (cause: unknown): string | undefined => (cause as NodeJS.ErrnoException).code;

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of its path is not a directory',
  // Of files that are written: they replace what is there, so only a directory of their path can be in the way.
  EEXIST: 'a part of its path is not a directory',
  ENAMETOOLONG: 'its name is too long',
  EIO: 'the disk reports an error',
  EADDRINUSE: 'the port is in use by another process',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/** Why the system refused something, in words. */
export const reasonOf = (cause: unknown): string => WORDS[errnoOf(cause) ?? ''] ?? messageOf(cause);
