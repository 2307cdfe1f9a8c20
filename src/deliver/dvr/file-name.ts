import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { fillTimes } from '../../core/index.js';
import type { StreamName } from '../../stream/index.js';

/** Where recordings go: a directory that no name has a part in, and below it what names and times make. */
export interface FilePattern {
  /** As configured; relative to the working directory if that is. */
  readonly directory: string;
  /** Below the directory, ends in `.flv`. */
  readonly pattern: string;
}

/**
 * `dvr_path` in its two parts. What is no `.flv` is a directory: a plain one, as in version 1, gets
 * `/[app]/[stream].[timestamp].flv`, one with variables `/[stream].[timestamp].flv` (spec/media.md §3.1).
 */
export function readDvrPath(path: string): FilePattern {
  const trimmed = path.replace(/\/+$/, '');
  const name = trimmed.includes('[') ? '/[stream].[timestamp].flv' : '/[app]/[stream].[timestamp].flv';
  const whole = /\.flv$/i.test(trimmed) ? trimmed : trimmed + name;
  const parts = whole.split('/');
  // Up to the first part with a variable; the last part is always the file's.
  const variable = parts.findIndex((part) => part.includes('['));
  const fixed = variable < 0 ? parts.length - 1 : Math.min(variable, parts.length - 1);
  const directory = parts.slice(0, fixed).join('/') || (whole.startsWith('/') ? '/' : '.');
  return { directory, pattern: parts.slice(fixed).join('/') };
}

/**
 * The path of a recording below its directory. Times first: names of streams may look like variables of time.
 * @param at when it begins, ms since 1970.
 */
export function recordingPath(pattern: string, name: StreamName, at: number, utc: boolean): string {
  const values: Readonly<Record<string, string>> = { vhost: name.vhost, app: name.app, stream: name.stream };
  const timed = fillTimes(pattern, at, utc);
  const filled = timed.replaceAll(/\[(vhost|app|stream)\]/g, (all, key: string) => values[key] ?? all);
  // Nothing leads above the directory.
  const parts = posix.join('/', filled).slice(1).split('/');
  return parts.map((part, i) => cutTo(i === parts.length - 1 ? MOST_BYTES - BEHIND : MOST_BYTES, part)).join('/');
}

/** What file systems take for a part of a path; with `[vhost]-[stream]` two names may be in one. */
const MOST_BYTES = 255;
/** Room for a number, or a time in place of it, and `.tmp`. */
const BEHIND = 25;

/** A part of a path, shorter and with a hash where it is too long: else nobody with a long name would be recorded. */
function cutTo(most: number, part: string): string {
  if (Buffer.byteLength(part) <= most) return part;
  const hash = createHash('sha256').update(part).digest('hex').slice(0, 16);
  const end = `-${hash}${/\.flv$/i.exec(part)?.[0] ?? ''}`;
  // Half a letter at the cut is left out.
  return new StringDecoder('utf8').write(Buffer.from(part).subarray(0, most - end.length)) + end;
}

/** The path with a number, for a name that is taken: `a/b.flv` → `a/b-2.flv`. */
export const numbered = (path: string, number: number): string =>
  number < 2 ? path : path.replace(/(\.[^./]*)$/, `-${number}$1`);
