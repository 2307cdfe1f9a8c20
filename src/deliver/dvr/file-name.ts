import { posix } from 'node:path';
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
  return posix.join('/', filled).slice(1);
}

/** The path with a number, for a name that is taken: `a/b.flv` → `a/b-2.flv`. */
export const numbered = (path: string, number: number): string =>
  number < 2 ? path : path.replace(/(\.[^./]*)$/, `-${number}$1`);
