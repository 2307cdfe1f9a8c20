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

/** The stream whose file of this pattern a path is; undefined where the pattern does not name a stream alone. */
export function streamOfPath(pattern: string, vhost: string, path: string): StreamName | undefined {
  const source = posix
    .join('/', pattern)
    .replaceAll(/[.*+?^${}()|\\]/g, '\\$&')
    .replaceAll('[vhost]', vhost.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .replace('[app]', '(?<app>.+)')
    .replace('[stream]', '(?<stream>[^/]+)')
    .replaceAll('[app]', '\\k<app>')
    .replaceAll('[stream]', '\\k<stream>');
  const { app, stream } = new RegExp(`^${source}$`).exec(path)?.groups ?? {};
  return app === undefined || stream === undefined ? undefined : { vhost, app, stream };
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
