import type { IncomingMessage, ServerResponse } from 'node:http';
import type { VhostConfig } from '../config/index.js';
import { ms } from '../core/index.js';
import { writeMasterPlaylist } from '../protocol/m3u8/index.js';
import { type StreamName, streamKey } from '../stream/index.js';
import { answerTo } from './answer-to.js';
import { readRange } from './byte-range.js';
import { withoutCacheBusters } from './cache-busters.js';
import { TOO_MANY, takeShare } from './client-address.js';
import { commonHeaders, NOT_KEPT } from './common-headers.js';
import { isKnown, isStill } from './conditions.js';
import { splitContext, withContext } from './hls-context.js';
import { type HlsSession, HlsSessions } from './hls-sessions.js';
import { askedOf, pathOf, vhostOf } from './live-request.js';
import type { HttpEnvironment } from './ports.js';

/** A playlist, segment or key that is kept in memory. */
export type MemoryFile = { readonly stream: StreamName } & (
  | {
      readonly kind: 'playlist';
      text(query: string): string | undefined;
      bandwidth(): number;
      /** Resolves when there is a text, or when none is to be waited for. */
      begun(): Promise<void>;
    }
  | { readonly kind: 'segment' | 'key'; readonly bytes: Buffer }
);

/** What the vhost says about players (`hls_ctx`, `hls_ts_ctx`). */
interface ContextSettings {
  readonly hlsCtx: boolean;
  readonly hlsTsCtx: boolean;
}

/** Names and values by turns: Node writes such a list out as it is. */
type HeaderList = readonly string[];

/** The first segment of a stream that is pulled takes its time; no longer than a connection on which nothing moves may. */
const PULLED_WITHIN = 25_000;
const LOOK_AGAIN = ms(100);

interface Answer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string | Buffer;
}

/** Live HLS from memory. Every player asks for a file each few seconds: these requests pass by the router and its hooks. */
export class MemoryFiles {
  readonly #sessions: HlsSessions;
  #due: { readonly answer: Answer; readonly response: ServerResponse }[] = [];

  constructor(private readonly env: HttpEnvironment) {
    this.#sessions = new HlsSessions(env);
  }

  /** @returns false, with nothing done, when the request is not one for such a file. */
  answers(message: IncomingMessage, response: ServerResponse): boolean {
    const found = isReading(message) ? this.#find(message) : undefined;
    if (found === undefined) return false;
    const { file, vhost } = found;
    if (takeShare(this.env, message, response))
      void (this.#mustCome(file, vhost, message)
        ? this.fromOrigin(vhost, file.stream, message, response)
        : this.#answer(file, vhost.hls, message, response));
    else this.#send(plainText(429, TOO_MANY), response);
    return true;
  }

  /** On an edge: a playlist that is not there yet comes when somebody wants it; so does one that ended, for a newcomer. */
  #mustCome(file: MemoryFile, vhost: VhostConfig, message: IncomingMessage): boolean {
    if (vhost.cluster.mode !== 'remote' || file.kind !== 'playlist') return false;
    if (this.#isRunning(file)) return false;
    const { param, context } = this.#readQuery(vhost, message);
    return file.text('') === undefined || !this.#sessions.knows(file.stream, message, param, context);
  }

  /** A playlist of a live stream, with segments. */
  #isRunning(file: MemoryFile): boolean {
    const { stream } = file;
    return (
      file.kind === 'playlist' && file.text('') !== undefined && this.env.hub.get(streamKey(stream))?.isLive === true
    );
  }

  #readQuery({ hls }: VhostConfig, message: IncomingMessage): { param: string; context: string | undefined } {
    const query = withoutCacheBusters(splitUrl(message.url ?? '/')[1]);
    return hls.hlsCtx ? splitContext(query) : { param: query, context: undefined };
  }

  /**
   * The playlist of a stream that an origin may have. Who asks for it becomes a player, and so the stream is pulled; the
   * answer waits until there is a segment.
   */
  async fromOrigin(
    vhost: VhostConfig,
    stream: StreamName,
    message: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      const { param, context } = this.#readQuery(vhost, message);
      if (vhost.hls.hlsCtx && context === undefined) await this.#sessions.offer(stream, message, param);
      else await this.#sessions.admit(stream, message, param, context);
      const came = await this.#arrival(message, response);
      if (came === undefined) this.#send(NOT_FOUND, response);
      else await this.#answer(came, vhost.hls, message, response);
    } catch (error) {
      this.#fail(error, response);
    }
  }

  /** Waits for a playlist that runs. @returns what there is in the end: it may have ended, or never come. */
  #arrival(message: IncomingMessage, response: ServerResponse): Promise<MemoryFile | undefined> {
    const { clock } = this.env;
    const deadline = clock.now() + PULLED_WITHIN;
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.#find(message);
        const isThere = found !== undefined && this.#isRunning(found.file);
        if (!isThere && clock.now() < deadline && !response.destroyed) return;
        timer.cancel();
        resolve(found?.file);
      };
      const timer = clock.every(LOOK_AGAIN, look);
    });
  }

  /** Whether a request names such a file, whatever it wants to do with it. */
  has(message: IncomingMessage): boolean {
    return this.#find(message) !== undefined;
  }

  #find(message: IncomingMessage): { vhost: VhostConfig; file: MemoryFile } | undefined {
    const vhost = vhostOf(this.env.config(), askedOf(message));
    const file = vhost && this.env.hls(vhost.name, pathOf(message.url ?? '/') ?? '');
    return vhost === undefined || file === undefined ? undefined : { vhost, file };
  }

  close(): void {
    this.#sessions.close();
  }

  async #answer(file: MemoryFile, settings: ContextSettings, message: IncomingMessage, response: ServerResponse) {
    try {
      const { answer, session } = await this.#ask(file, settings, message);
      if (session !== undefined && message.method !== 'HEAD') session.bytesOut += Buffer.byteLength(answer.body);
      this.#send(answer, response);
    } catch (error) {
      this.#fail(error, response);
    }
  }

  #fail(error: unknown, response: ServerResponse): void {
    const { status, text } = answerTo(error, this.env);
    const { headers, ...answer } = plainText(status, text);
    this.#send({ ...answer, headers: status === 503 ? [...headers, ...LATER] : headers }, response);
  }

  /**
   * With `hls_ctx` a player gets a master playlist first, which leads it to the playlist with a mark of its own.
   * @throws {RefusedError}
   */
  async #ask(
    file: MemoryFile,
    { hlsCtx, hlsTsCtx }: ContextSettings,
    message: IncomingMessage,
  ): Promise<{ answer: Answer; session: HlsSession | undefined }> {
    const [place, asked] = splitUrl(message.url ?? '/');
    const query = withoutCacheBusters(asked);
    const { param, context } = hlsCtx ? splitContext(query) : { param: query, context: undefined };
    if (file.kind !== 'playlist') {
      const session = await this.#sessions.admit(file.stream, message, param, context);
      return { answer: file.kind === 'key' ? key(file.bytes) : segment(file.bytes, message), session };
    }
    const text = (): string | undefined => file.text(hlsTsCtx ? query : param);
    if (text() === undefined) await file.begun();
    if (text() === undefined) return { answer: NOT_FOUND, session: undefined };
    if (hlsCtx && context === undefined) {
      const offered = await this.#sessions.offer(file.stream, message, param);
      const uri = place.slice(place.lastIndexOf('/') + 1) + withContext(param, offered.context);
      return { answer: playlist(writeMasterPlaylist(uri, file.bandwidth())), session: offered.session };
    }
    const session = await this.#sessions.admit(file.stream, message, param, context);
    // Only now: the gate may have taken its time.
    const now = text();
    return { answer: now === undefined ? NOT_FOUND : playlist(now), session };
  }

  /** The answers of a turn leave together at its end: reading and writing by turns would wake a reader for each. */
  #send(answer: Answer, response: ServerResponse): void {
    if (this.#due.push({ answer, response }) > 1) return;
    setImmediate(() => {
      const due = this.#due;
      this.#due = [];
      for (const { answer, response } of due) this.#write(answer, response);
    });
  }

  #write({ status, headers, body }: Answer, response: ServerResponse): void {
    const list = [...(this.env.config().httpServer.crossdomain ? CROSSDOMAIN : COMMON), ...headers];
    if (status !== 304) list.push('Content-Length', `${Buffer.byteLength(body)}`);
    response.writeHead(status, list);
    response.end(body);
  }
}

export const isReading = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD';

/** A URL's path and its query with the `?`, or ''. In a playlist the query stands between quotes, too. */
function splitUrl(url: string): [path: string, query: string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at).replaceAll('"', '%22')];
}

const COMMON: HeaderList = Object.entries(commonHeaders(false)).flat();
const CROSSDOMAIN: HeaderList = Object.entries(commonHeaders(true)).flat();

const NO_CACHE: HeaderList = Object.entries(NOT_KEPT).flat();
const TEXT: HeaderList = ['Content-Type', 'text/plain', ...NO_CACHE];
const plainText = (status: number, text: string): Answer => ({ status, headers: TEXT, body: `${text}\n` });

/** Places become free when players have asked for nothing for half a minute. */
const LATER: HeaderList = ['Retry-After', '10'];

const NOT_FOUND = plainText(404, 'Not Found');

const PLAYLIST: HeaderList = ['Content-Type', 'application/vnd.apple.mpegurl', 'Cache-Control', 'no-cache'];
const playlist = (body: string): Answer => ({ status: 200, headers: PLAYLIST, body });

const KEY: HeaderList = ['Content-Type', 'application/octet-stream', ...NO_CACHE];
const key = (body: Buffer): Answer => ({ status: 200, headers: KEY, body });

const SEGMENT: HeaderList = ['Content-Type', 'video/mp2t', 'Accept-Ranges', 'bytes'];
const UNCHANGING: HeaderList = ['Cache-Control', 'public, max-age=3600, immutable'];

function segment(bytes: Buffer, { headers: asked }: IncomingMessage): Answer {
  // The name is unique and its bytes never change, so their number tells one version from another.
  const etag = `"${bytes.length.toString(36)}"`;
  const headers = [...SEGMENT, ...UNCHANGING, 'ETag', etag];
  if (isKnown(asked['if-none-match'], etag)) return { status: 304, headers, body: '' };
  const range = isStill(asked['if-range'], etag) ? readRange(asked.range, bytes.length) : undefined;
  if (range === undefined) return { status: 200, headers, body: bytes };
  if (range === 'unsatisfiable')
    return { status: 416, headers: [...SEGMENT, ...NO_CACHE, 'Content-Range', `bytes */${bytes.length}`], body: '' };
  const [from, to] = range;
  const part = `bytes ${from}-${to}/${bytes.length}`;
  return { status: 206, headers: [...headers, 'Content-Range', part], body: bytes.subarray(from, to + 1) };
}
