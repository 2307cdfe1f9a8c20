import type { IncomingMessage, ServerResponse } from 'node:http';
import type { VhostConfig } from '../config/index.js';
import { type Ms, ms } from '../core/index.js';
import { writeMasterPlaylist } from '../protocol/m3u8/index.js';
import { type StreamName, streamKey } from '../stream/index.js';
import { answerTo } from './answer-to.js';
import { withoutCacheBusters } from './cache-busters.js';
import { TOO_MANY, takeShare } from './client-address.js';
import {
  type Answer,
  keyAnswer,
  NOT_FOUND,
  playlistAnswer,
  segmentAnswer,
  textAnswer,
  writeAnswer,
} from './hls-answers.js';
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
      /** There is no text yet, and one is to come. */
      isAwaited(): boolean;
    }
  | { readonly kind: 'segment' | 'key'; readonly bytes: Buffer }
);

/** What the vhost says about players (`hls_ctx`, `hls_ts_ctx`). */
interface ContextSettings {
  readonly hlsCtx: boolean;
  readonly hlsTsCtx: boolean;
}

/** Who opens a stream the moment it begins waits so long for something to play; hls.js and Safari wait longer. */
const FIRST_SEGMENT_WITHIN = ms(10_000);
/** That of a stream that is pulled takes its time; no longer than a connection on which nothing moves may. */
const PULLED_WITHIN = ms(25_000);

/** Live HLS from memory. Every player asks for a file each few seconds: these requests pass by the router and its hooks. */
export class MemoryFiles {
  readonly #sessions: HlsSessions;
  #due: { readonly answer: Answer; readonly response: ServerResponse }[] = [];

  constructor(private readonly env: HttpEnvironment) {
    this.#sessions = new HlsSessions(env);
  }

  /** @returns false, with nothing done, when the request is not one for such a file. */
  answers(message: IncomingMessage, response: ServerResponse): boolean {
    if (!isReading(message)) return false;
    const { file, vhost } = this.#find(message);
    if (vhost === undefined || file === undefined) return false;
    if (!takeShare(this.env, message, response)) this.#send(textAnswer(429, TOO_MANY), response);
    else if (this.#mustCome(file, vhost, message)) void this.fromOrigin(vhost, file.stream, message, response);
    else if (isAwaited(file))
      void this.#answerOnceThere(message, response, FIRST_SEGMENT_WITHIN, (it) => it === undefined || !isAwaited(it));
    else void this.#answer(file, vhost.hls, message, response);
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
      await this.#answerOnceThere(message, response, PULLED_WITHIN, (it) => it !== undefined && this.#isRunning(it));
    } catch (error) {
      this.#fail(error, response);
    }
  }

  /** Answers with a playlist once it is as wanted, or after `within` with what there is: it may never come, or have ended. */
  async #answerOnceThere(
    message: IncomingMessage,
    response: ServerResponse,
    within: Ms,
    isThere: (file: MemoryFile | undefined) => boolean,
  ): Promise<void> {
    const { clock } = this.env;
    const deadline = clock.now() + within;
    for (;;) {
      const { vhost, path, file } = this.#find(message);
      const left = deadline - clock.now();
      if (vhost === undefined) return this.#send(NOT_FOUND, response);
      if (left <= 0 || response.destroyed || isThere(file))
        return file === undefined ? this.#send(NOT_FOUND, response) : this.#answer(file, vhost.hls, message, response);
      const wait = this.env.hlsArrival(vhost.name, path, ms(left));
      response.once('close', wait.stop);
      await wait.over;
      response.off('close', wait.stop);
    }
  }

  /** Whether a request names such a file, whatever it wants to do with it. */
  has(message: IncomingMessage): boolean {
    return this.#find(message).file !== undefined;
  }

  #find(message: IncomingMessage): { vhost: VhostConfig | undefined; path: string; file: MemoryFile | undefined } {
    const vhost = vhostOf(this.env.config(), askedOf(message));
    const path = pathOf(message.url ?? '/') ?? '';
    return { vhost, path, file: vhost && this.env.hls(vhost.name, path) };
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
    this.#send(textAnswer(status, text), response);
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
      return { answer: file.kind === 'key' ? keyAnswer(file.bytes) : segmentAnswer(file.bytes, message), session };
    }
    const text = (): string | undefined => file.text(hlsTsCtx ? query : param);
    if (text() === undefined) return { answer: NOT_FOUND, session: undefined };
    if (hlsCtx && context === undefined) {
      const offered = await this.#sessions.offer(file.stream, message, param);
      const uri = place.slice(place.lastIndexOf('/') + 1) + withContext(param, offered.context);
      return { answer: playlistAnswer(writeMasterPlaylist(uri, file.bandwidth())), session: offered.session };
    }
    const session = await this.#sessions.admit(file.stream, message, param, context);
    // Only now: the gate may have taken its time.
    const now = text();
    return { answer: now === undefined ? NOT_FOUND : playlistAnswer(now), session };
  }

  /** The answers of a turn leave together at its end: reading and writing by turns would wake a reader for each. */
  #send(answer: Answer, response: ServerResponse): void {
    if (this.#due.push({ answer, response }) > 1) return;
    setImmediate(() => {
      const due = this.#due;
      this.#due = [];
      for (const { answer, response } of due) writeAnswer(answer, response, this.env.config().httpServer.crossdomain);
    });
  }
}

const isAwaited = (file: MemoryFile): boolean => file.kind === 'playlist' && file.isAwaited();

export const isReading = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD';

/** A URL's path and its query with the `?`, or ''. In a playlist the query stands between quotes, too. */
function splitUrl(url: string): [path: string, query: string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at).replaceAll('"', '%22')];
}
