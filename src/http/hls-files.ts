import type { FastifyReply, FastifyRequest } from 'fastify';
import type { StreamName } from '../stream/index.js';
import { readRange } from './byte-range.js';
import type { HlsSession, HlsSessions } from './hls-sessions.js';

/** A playlist, segment or key that is kept in memory. */
export type MemoryFile = { readonly stream: StreamName } & (
  | { readonly kind: 'playlist'; text(query: string): string | undefined }
  | { readonly kind: 'segment' | 'key'; readonly bytes: Buffer }
);

/** Answers with a playlist or key, which must not be cached, or a segment, which never changes. @throws {RefusedError} */
export async function sendMemoryFile(
  file: MemoryFile,
  sessions: HlsSessions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
  // In a playlist the query stands between quotes, too.
  const body = file.kind === 'playlist' ? file.text(query.replaceAll('"', '%22')) : file.bytes;
  if (body === undefined) return reply.callNotFound();
  const session = await sessions.admit(file.stream, request.raw, query);
  if (file.kind === 'key') {
    if (request.method !== 'HEAD') session.bytesOut += file.bytes.length;
    return reply.type('application/octet-stream').header('Cache-Control', 'no-store').send(body);
  }
  if (typeof body !== 'string') return sendSegment(body, session, request, reply);
  if (request.method !== 'HEAD') session.bytesOut += Buffer.byteLength(body);
  return reply.type('application/vnd.apple.mpegurl').header('Cache-Control', 'no-cache').send(body);
}

function sendSegment(bytes: Buffer, session: HlsSession, request: FastifyRequest, reply: FastifyReply): unknown {
  // The name is unique and its bytes never change, so their number tells one version from another.
  const etag = `"${bytes.length.toString(36)}"`;
  reply
    .type('video/mp2t')
    .headers({ 'Cache-Control': 'public, max-age=3600, immutable', 'Accept-Ranges': 'bytes', ETag: etag });
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  const range = readRange(request.headers.range, bytes.length);
  const given = (part: Buffer): Buffer => {
    if (request.method !== 'HEAD') session.bytesOut += part.length;
    return part;
  };
  if (range === undefined) return reply.send(given(bytes));
  if (range === 'unsatisfiable') return reply.code(416).header('Content-Range', `bytes */${bytes.length}`).send('');
  const [from, to] = range;
  return reply
    .code(206)
    .header('Content-Range', `bytes ${from}-${to}/${bytes.length}`)
    .send(given(bytes.subarray(from, to + 1)));
}
