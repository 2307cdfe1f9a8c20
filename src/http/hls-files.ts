import type { FastifyReply, FastifyRequest } from 'fastify';
import { writeMasterPlaylist } from '../protocol/m3u8/index.js';
import type { StreamName } from '../stream/index.js';
import { readRange } from './byte-range.js';
import { splitContext, withContext } from './hls-context.js';
import type { HlsSession, HlsSessions } from './hls-sessions.js';

/** A playlist, segment or key that is kept in memory. */
export type MemoryFile = { readonly stream: StreamName } & (
  | { readonly kind: 'playlist'; text(query: string): string | undefined; bandwidth(): number }
  | { readonly kind: 'segment' | 'key'; readonly bytes: Buffer }
);

/** What the vhost says about players (`hls_ctx`, `hls_ts_ctx`). */
export interface ContextSettings {
  readonly hlsCtx: boolean;
  readonly hlsTsCtx: boolean;
}

/**
 * Answers with a playlist or key, which must not be cached, or a segment, which never changes. With `hls_ctx` a player
 * gets a master playlist first, which leads it to the playlist with a mark of its own. @throws {RefusedError}
 */
export async function sendMemoryFile(
  file: MemoryFile,
  sessions: HlsSessions,
  settings: ContextSettings,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const [place = '', ...rest] = request.url.split('?');
  // In a playlist the query stands between quotes, too.
  const query = rest.length === 0 ? '' : `?${rest.join('?').replaceAll('"', '%22')}`;
  const { param, context } = settings.hlsCtx ? splitContext(query) : { param: query, context: undefined };
  if (file.kind !== 'playlist') {
    const session = await sessions.admit(file.stream, request.raw, param, context);
    return file.kind === 'key'
      ? sendKey(file.bytes, session, request, reply)
      : sendSegment(file.bytes, session, request, reply);
  }
  const text = file.text(settings.hlsTsCtx ? query : param);
  if (text === undefined) return reply.callNotFound();
  if (settings.hlsCtx && context === undefined) {
    const offered = await sessions.offer(file.stream, request.raw, param);
    const uri = place.slice(place.lastIndexOf('/') + 1) + withContext(param, offered.context);
    return sendPlaylist(writeMasterPlaylist(uri, file.bandwidth()), offered.session, request, reply);
  }
  return sendPlaylist(text, await sessions.admit(file.stream, request.raw, param, context), request, reply);
}

function sendPlaylist(text: string, session: HlsSession, request: FastifyRequest, reply: FastifyReply): unknown {
  if (request.method !== 'HEAD') session.bytesOut += Buffer.byteLength(text);
  return reply.type('application/vnd.apple.mpegurl').header('Cache-Control', 'no-cache').send(text);
}

function sendKey(bytes: Buffer, session: HlsSession, request: FastifyRequest, reply: FastifyReply): unknown {
  if (request.method !== 'HEAD') session.bytesOut += bytes.length;
  return reply.type('application/octet-stream').header('Cache-Control', 'no-store').send(bytes);
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
