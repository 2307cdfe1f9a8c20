import { posix } from 'node:path';
import { fillTimes } from '../../core/index.js';
import type { StreamName } from '../../stream/index.js';

/** Fills `[vhost]`, `[app]` and `[stream]`, and what else is given. @returns a path from the root of the HTTP server. */
export function fillPath(pattern: string, name: StreamName, more: Readonly<Record<string, string>> = {}): string {
  const values: Readonly<Record<string, string>> = { vhost: name.vhost, app: name.app, stream: name.stream, ...more };
  const filled = pattern.replaceAll(
    /\[(vhost|app|stream|seq|duration|timestamp)\]/g,
    (all, key: string) => values[key] ?? all,
  );
  return posix.join('/', filled);
}

export interface SegmentFacts {
  readonly seq: number;
  /** Seconds. */
  readonly duration: number;
  /** When it ended, ms since 1970. */
  readonly at: number;
  /** What `[timestamp]` stands for. */
  readonly timestamp: number;
}

/** The path of a segment. Times first: names of streams may look like variables of time. */
export function segmentPath(pattern: string, name: StreamName, facts: SegmentFacts, utc: boolean): string {
  const { seq, duration, at, timestamp } = facts;
  const timed = fillTimes(pattern.replaceAll('[timestamp]', `${timestamp}`), at, utc);
  return fillPath(timed, name, { seq: `${seq}`, duration: `${Math.round(duration * 1000)}` });
}

/**
 * How a playlist names a file: behind `prefix`, or relative to itself.
 * Names may hold `#`, `%`, `?`, `:` or blanks, which mean something else in a URI.
 */
export function uriOf(path: string, playlist: string, prefix: string): string {
  const from = prefix === '' ? posix.relative(posix.dirname(playlist), path) : path.slice(1);
  const encoded = from.split('/').map(encodeURIComponent).join('/');
  return prefix === '' || prefix.endsWith('/') ? prefix + encoded : `${prefix}/${encoded}`;
}
