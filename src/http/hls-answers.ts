import type { IncomingMessage, ServerResponse } from 'node:http';
import { readRange } from './byte-range.js';
import { commonHeaders, NOT_KEPT } from './common-headers.js';
import { isKnown, isStill, isWanted } from './conditions.js';

/** Names and values by turns: Node writes such a list out as it is. */
type HeaderList = readonly string[];

/** An answer to who asks for a playlist, segment or key. */
export interface Answer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string | Buffer;
}

const COMMON: HeaderList = Object.entries(commonHeaders(false)).flat();
const CROSSDOMAIN: HeaderList = Object.entries(commonHeaders(true)).flat();

const NO_CACHE: HeaderList = Object.entries(NOT_KEPT).flat();
const TEXT: HeaderList = ['Content-Type', 'text/plain', ...NO_CACHE];

/** Places become free when players have asked for nothing for half a minute. */
const LATER: HeaderList = ['Retry-After', '10'];

export const textAnswer = (status: number, text: string): Answer => ({
  status,
  headers: status === 503 ? [...TEXT, ...LATER] : TEXT,
  body: `${text}\n`,
});

export const NOT_FOUND = textAnswer(404, 'Not Found');
const NOT_WANTED = textAnswer(412, 'Precondition Failed');

const PLAYLIST: HeaderList = ['Content-Type', 'application/vnd.apple.mpegurl', 'Cache-Control', 'no-cache'];
export const playlistAnswer = (body: string): Answer => ({ status: 200, headers: PLAYLIST, body });

const KEY: HeaderList = ['Content-Type', 'application/octet-stream', ...NO_CACHE];
export const keyAnswer = (body: Buffer): Answer => ({ status: 200, headers: KEY, body });

const SEGMENT: HeaderList = ['Content-Type', 'video/mp2t', 'Accept-Ranges', 'bytes'];
const UNCHANGING: HeaderList = ['Cache-Control', 'public, max-age=3600, immutable'];

/** A segment, or the range of it that is asked for, or that the asker has it. */
export function segmentAnswer(bytes: Buffer, { headers: asked }: IncomingMessage): Answer {
  // The name is unique and its bytes never change, so their number tells one version from another.
  const etag = `"${bytes.length.toString(36)}"`;
  const headers = [...SEGMENT, ...UNCHANGING, 'ETag', etag];
  if (!isWanted(asked['if-match'], etag)) return NOT_WANTED;
  if (isKnown(asked['if-none-match'], etag)) return { status: 304, headers, body: '' };
  const range = isStill(asked['if-range'], etag) ? readRange(asked.range, bytes.length) : undefined;
  if (range === undefined) return { status: 200, headers, body: bytes };
  if (range === 'unsatisfiable')
    return { status: 416, headers: [...SEGMENT, ...NO_CACHE, 'Content-Range', `bytes */${bytes.length}`], body: '' };
  const [from, to] = range;
  const part = `bytes ${from}-${to}/${bytes.length}`;
  return { status: 206, headers: [...headers, 'Content-Range', part], body: bytes.subarray(from, to + 1) };
}

export function writeAnswer({ status, headers, body }: Answer, response: ServerResponse, crossdomain: boolean): void {
  const list = [...(crossdomain ? CROSSDOMAIN : COMMON), ...headers];
  if (status !== 304) list.push('Content-Length', `${Buffer.byteLength(body)}`);
  response.writeHead(status, list);
  response.end(body);
}
