import { type FileHandle, open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { findHeaderTags, flvStartBytes } from '../protocol/flv/index.js';
import { readRange } from './byte-range.js';
import { isKnown, isStill, isWanted } from './conditions.js';
import { MEDIA_TYPE } from './live-framing.js';

/** Metadata with an index of key frames may be long; sequence headers end within this much of the file. */
const HEADERS_WITHIN = 16 * 2 ** 20;

/** `?start=` of a request for an FLV file. @returns undefined for the whole file. */
export function seekOf(path: string, url: string): number | undefined {
  if (!/\.(flv|fhv)$/i.test(path)) return undefined;
  const start = new URLSearchParams(url.slice(url.indexOf('?') + 1)).get('start') ?? '';
  return /^\d+$/.test(start) && Number(start) > 0 ? Number(start) : undefined;
}

/**
 * An FLV file from the tag at a byte offset on, playable by itself: its header and sequence headers in front. Ranges and
 * conditions count on the bytes of this answer.
 */
export async function sendFlvFrom(
  file: string,
  start: number,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  if (!(await stat(file)).isFile()) return reply.callNotFound();
  const handle = await open(file);
  let body: Readable | string = '';
  try {
    body = await answer(handle, start, request, reply);
  } finally {
    if (typeof body === 'string') await handle.close();
  }
  return reply.send(body);
}

/** @returns the body, which closes the file when it is done; text where there is none to stream. */
async function answer(
  handle: FileHandle,
  start: number,
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
): Promise<Readable | string> {
  const { size, mtimeMs } = await handle.stat();
  const read = (at: number, length: number) => readAt(handle, at, length);
  const tags = await findHeaderTags(read, Math.min(size, HEADERS_WITHIN));
  if (tags === undefined) {
    reply.code(400).type('text/plain');
    return 'This is not an FLV file that can be started elsewhere.\n';
  }
  if (start >= size) {
    reply.code(416).header('Content-Range', `bytes */${size}`);
    return '';
  }
  const front = Buffer.concat([await read(0, flvStartBytes), await read(tags.from, tags.to - tags.from)]);
  const length = front.length + size - start;
  const etag = `"${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}-${start.toString(36)}"`;
  reply.type(MEDIA_TYPE.flv).headers({ 'Accept-Ranges': 'bytes', ETag: etag });
  if (!isWanted(headers['if-match'], etag)) {
    reply.code(412);
    return '';
  }
  if (isKnown(headers['if-none-match'], etag)) {
    reply.code(304);
    return '';
  }
  const fresh = isStill(headers['if-range'], etag);
  const range = fresh ? readRange(headers.range, length) : undefined;
  if (range === 'unsatisfiable') {
    reply.code(416).header('Content-Range', `bytes */${length}`);
    return '';
  }
  const [from, to] = range ?? [0, length - 1];
  if (range !== undefined) reply.code(206).header('Content-Range', `bytes ${from}-${to}/${length}`);
  reply.header('Content-Length', to - from + 1);
  if (method === 'HEAD') return '';
  const inFile = (at: number) => start + at - front.length;
  const body = Readable.from(parts(), { objectMode: false });
  body.once('close', () => void handle.close());
  return body;

  async function* parts(): AsyncIterable<Buffer> {
    if (from < front.length) yield front.subarray(from, to + 1);
    if (to < front.length) return;
    const rest = { start: inFile(Math.max(from, front.length)), end: inFile(to) };
    yield* handle.createReadStream({ ...rest, autoClose: false });
  }
}

async function readAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await handle.read(bytes, 0, length, at);
  return bytes.subarray(0, bytesRead);
}
