import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import type { Ms } from '../core/index.js';
import { type Service, waitWhile } from '../kernel/index.js';
import { checkName } from '../protocol/rtmp/index.js';
import { streamKey } from '../stream/index.js';
import { answerTo } from './answer-to.js';
import { TOO_MANY, takeShare } from './client-address.js';
import { commonHeaders, type Headers, httpDate, NOT_KEPT } from './common-headers.js';
import { isStill } from './conditions.js';
import { crossdomainXml } from './crossdomain.js';
import { FlvPush, readBody } from './flv-push.js';
import { seekOf, sendFlvFrom } from './flv-seek.js';
import { textAnswer, writeAnswer } from './hls-answers.js';
import { hasSeveralHosts, SEVERAL_HOSTS } from './host-fields.js';
import { httpLive, MEDIA_TYPE } from './live-framing.js';
import { LiveList } from './live-list.js';
import { LiveOutput } from './live-output.js';
import { askedOf, type LiveRequest, liveRequestOf, pathOf, readAbsoluteForm, vhostOf } from './live-request.js';
import { isReading, MemoryFiles } from './memory-files.js';
import { isFromForeignPage } from './origin.js';
import type { HttpEnvironment } from './ports.js';
import { directoryUrl, findConsoleFile, findFile, type StaticFile } from './static-files.js';
import { Unanswered } from './unanswered.js';
import { WebSockets } from './web-sockets.js';

/** A request must have sent its headers within this time (reliability S9); a body may take as long as a stream lasts. */
const HEADERS_WITHIN = 10_000;
/**
 * A connection that waits for another request. Longer than load balancers keep one that they share (those of AWS: 60 s):
 * a request that crosses our closing is answered by them, with 502.
 */
const IDLE = 75_000;
/**
 * A connection on which nothing moves for so long is closed, whoever should read or write (reliability S9); Node takes
 * up to twice as long to see that a write stands still. Live players have their own rule.
 */
const STALLED = 30_000;

/** The page of the console: own scripts and streams only, in no other page's frame. */
const CONSOLE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The HTTP server for players and encoders: live streams, pushes, files and the console. It is given its connections by app/. */
export class HttpServer implements Service {
  readonly #app: FastifyInstance;
  readonly #node: Server;
  readonly #webSockets: WebSockets;
  readonly #live: LiveOutput;
  readonly #memory: MemoryFiles;
  readonly #list: LiveList;
  readonly #unanswered: Unanswered;

  constructor(private readonly env: HttpEnvironment) {
    this.#live = new LiveOutput(env);
    this.#webSockets = new WebSockets(env, this.#live);
    this.#memory = new MemoryFiles(env);
    this.#list = new LiveList(env);
    this.#unanswered = new Unanswered(env.log);
    this.#node = createServer({
      headersTimeout: HEADERS_WITHIN,
      requestTimeout: 0,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: IDLE,
      noDelay: true,
    });
    this.#node.setTimeout(STALLED);
    this.#app = fastify({
      // Memory files first: a segment's name ends in .ts too, and would be taken for a live stream.
      serverFactory: (route) =>
        this.#node.on('request', (message, response) => {
          if (!this.#unanswered.admits(message, response)) return;
          if (hasSeveralHosts(message)) return this.#refuse(response);
          readAbsoluteForm(message);
          // A range is of GET alone (RFC 9110 §14.2).
          if (message.method !== 'GET') delete message.headers.range;
          if (!this.#memory.answers(message, response)) route(message, response);
        }),
      // A path that cannot be decoded reaches neither hooks nor handlers.
      frameworkErrors: (error, _, reply) =>
        this.#failed(error, (reply as FastifyReply).headers({ ...this.#headers(), ...NOT_KEPT })),
      forceCloseConnections: true,
      logger: false,
      routerOptions: { ignoreTrailingSlash: false },
    });
    this.#node.on('upgrade', (message, socket: Socket, head) => {
      // It must not overtake an answer, and Node does not see to those any more once it has let go of a connection.
      if (this.#unanswered.waits(socket)) socket.destroy();
      else if (message.headers.upgrade?.toLowerCase() === 'websocket')
        void this.#webSockets.upgrade(message, socket, head);
      else this.#ignoreUpgrade(message, socket);
    });
    this.#node.on('clientError', (_error, socket) => socket.destroy());
  }

  async start(): Promise<void> {
    const app = this.#app;
    await app.register(fastifyStatic, { root: '/', serve: false, dotfiles: 'deny', cacheControl: false });
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    app.removeContentTypeParser(['application/json', 'text/plain']);
    app.addHook('onRequest', async ({ raw }, reply) => {
      if (!takeShare(this.env, raw, reply.raw)) return reply.code(429).type('text/plain').send(`${TOO_MANY}\n`);
    });
    app.addHook('onSend', async (_request, reply) => {
      // What the console tells is for its own page only.
      const isOwn = reply.hasHeader('Content-Security-Policy');
      reply.headers(isOwn ? commonHeaders(false) : this.#headers());
      if (reply.statusCode >= 400) reply.headers(NOT_KEPT);
    });
    app.setErrorHandler((error, _request, reply) => this.#failed(error, reply));
    app.setNotFoundHandler((request, reply) => this.#notFound(request, reply));
    app.get('/console/streams.json', async (request, reply) => this.#streams(request, reply));
    app.route({ method: ['GET', 'HEAD'], url: '/*', handler: (request, reply) => this.#get(request, reply) });
    app.route({ method: ['POST', 'PUT'], url: '/*', handler: (request, reply) => this.#post(request, reply) });
    app.options('/*', async ({ raw, headers }, reply) => {
      const wanted = headers['access-control-request-headers'];
      reply.code(204).headers({
        'Access-Control-Allow-Methods': isFromForeignPage(raw) ? 'GET, HEAD, OPTIONS' : 'GET, HEAD, POST, PUT, OPTIONS',
        'Access-Control-Max-Age': '86400',
      });
      if (wanted !== undefined)
        reply.headers({ 'Access-Control-Allow-Headers': wanted, Vary: 'Access-Control-Request-Headers' });
      return reply.send();
    });
    await app.ready();
    // Its connections come from elsewhere; without this event Node would not watch how long their headers take.
    this.#node.emit('listening');
  }

  /** A connection that was accepted and counted. */
  accept(socket: Socket): void {
    this.#node.emit('connection', socket);
  }

  /** Closes the connections that wait for another request. Their places are free when their sockets have closed, a few turns of the loop later. */
  closeIdle(): void {
    this.#node.closeIdleConnections();
  }

  /** Players of what is not served any more are closed, and so are encoders that may not push any more. */
  reconfigure(): void {
    this.#live.reconfigure();
    for (const client of [...this.env.clients]) if (client instanceof FlvPush) client.reconfigure();
  }

  get players(): number {
    return this.#live.count;
  }

  /** Ends the responses of live streams: what was written leaves first, for at most `limit` ms. */
  async endPlayers(limit: Ms): Promise<void> {
    this.#live.end();
    await waitWhile(this.env.clock, () => this.players > 0, limit);
  }

  async stop(): Promise<void> {
    this.#live.end();
    this.#memory.close();
    this.#list.close();
    this.#node.closeAllConnections();
    await this.#app.close();
    this.#node.close();
  }

  /** An upgrade that is not known is ignored (RFC 9110 §7.8), such as curl's and Java's offers of h2c. */
  #ignoreUpgrade(message: IncomingMessage, socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(message);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.end());
    this.#node.emit('request', message, response);
  }

  /** Before anybody looks for a vhost. What else comes on the connection is no better. */
  #refuse(response: ServerResponse): void {
    response.shouldKeepAlive = false;
    writeAnswer(textAnswer(400, SEVERAL_HOSTS), response, this.env.config().httpServer.crossdomain);
  }

  #headers(): Headers {
    return commonHeaders(this.env.config().httpServer.crossdomain);
  }

  async #get(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const config = this.env.config();
    const url = request.raw.url ?? '/';
    const vhost = vhostOf(config, askedOf(request.raw));
    const live = liveRequestOf(config, request.raw);
    if (live !== undefined && this.#isLive(live)) return this.#play(live, request, reply);
    const page = config.httpServer.console && (await findConsoleFile(this.env.consoleDir, url));
    if (page) return this.#sendFile(page, request, reply.header('Content-Security-Policy', CONSOLE_POLICY));
    const file = await findFile(config, vhost, url);
    if (file !== undefined) return this.#sendFile(file, request, reply);
    // A segment that has been forgotten does not come again, so nobody waits for a stream of its name.
    const isOver = live !== undefined && this.env.isSegmentName(live.vhost.name, pathOf(url) ?? '');
    if (live !== undefined && !isOver) return this.#play(live, request, reply);
    const pulled = vhost === undefined ? undefined : this.env.playlistAtOrigin(vhost, pathOf(url) ?? '');
    if (vhost !== undefined && pulled !== undefined && request.method === 'GET') {
      const stream = { ...pulled, app: checkName('app', pulled.app), stream: checkName('stream', pulled.stream) };
      reply.hijack();
      return this.#memory.fromOrigin(vhost, stream, request.raw, reply.raw);
    }
    if (config.httpServer.crossdomain && request.url === '/crossdomain.xml')
      return reply.type('text/xml; charset=utf-8').send(crossdomainXml());
    return reply.callNotFound();
  }

  #isLive({ vhost, app, stream }: LiveRequest): boolean {
    return this.env.hub.get(streamKey({ vhost: vhost.name, app, stream }))?.isLive === true;
  }

  async #sendFile(file: StaticFile, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { path, root, isDirectory } = file;
    if (isDirectory)
      return reply
        .code(301)
        .header('Location', directoryUrl(request.raw.url ?? '/'))
        .send();
    // Not opened before: nobody would close it when the connection goes while it waits.
    if (!(await comesToItsTurn(reply, request.raw.socket))) return reply.hijack();
    // A playlist may be of a live stream, as those of HLS in files and of ffmpeg are.
    if (/\.(m3u8|mpd)$/i.test(path)) reply.header('Cache-Control', 'no-cache');
    const start = seekOf(path, request.url);
    if (start !== undefined) return sendFlvFrom(join(root, path), start, request, reply);
    const { headers } = request.raw;
    return reply.sendFile(path, root, {
      // The library takes weak ETags and later dates for proof, and would add bytes of one file to those of another.
      onFile: (_path, { mtime }) => {
        if (!isStill(headers['if-range'], mtime.toUTCString())) delete headers.range;
      },
    });
  }

  async #streams(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    if (!this.env.config().httpServer.console) return this.#get(request, reply);
    return reply
      .headers({ 'Content-Security-Policy': CONSOLE_POLICY, 'Cache-Control': 'no-store' })
      .send(this.#list.list());
  }

  async #play(live: LiveRequest, { raw }: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { socket, httpVersion, method } = raw;
    if (method === 'HEAD')
      return this.#isLive(live)
        ? reply.type(MEDIA_TYPE[live.container]).headers(NOT_KEPT).send()
        : reply.callNotFound();
    const gone = new AbortController();
    const onClose = (): void => gone.abort();
    socket.once('close', onClose);
    const admitting = this.#live.admit(live, live.container, raw, gone.signal);
    const admitted = await admitting.finally(() => socket.off('close', onClose));
    if (gone.signal.aborted) return reply.hijack();
    if (admitted === undefined) return reply.callNotFound();
    if (!(await comesToItsTurn(reply, socket))) {
      admitted.giveUp();
      return reply.hijack();
    }
    reply.hijack();
    socket.setTimeout(0);
    socket.setKeepAlive(true, 30_000);
    const headers = { ...this.#headers(), Date: httpDate(this.env.clock) };
    this.#live.serve(admitted, socket, httpLive(live, httpVersion, headers));
    return reply;
  }

  async #post(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const live = liveRequestOf(this.env.config(), request.raw);
    if (live?.container !== 'flv') return reply.callNotFound();
    const { raw } = request;
    const push = await FlvPush.open(this.env, live, raw, () => raw.socket.destroySoon());
    if (push === undefined) return reply.hijack();
    await readBody(raw, push);
    return reply.code(200).send();
  }

  /** Nobody takes the request: its path, or what it wants to do with it. */
  #notFound({ raw }: FastifyRequest, reply: FastifyReply): void {
    reply.type('text/plain');
    if (isReading(raw) || !this.#memory.has(raw)) void reply.code(404).send('Not Found\n');
    else void reply.code(405).header('Allow', 'GET, HEAD, OPTIONS').send('Method Not Allowed\n');
  }

  #failed(error: unknown, reply: FastifyReply): void {
    const { status, text } = answerTo(error, this.env);
    void reply.code(status).type('text/plain').send(`${text}\n`);
  }
}

/** Waits for the answers to earlier requests of the connection. @returns whether the connection is still there. */
async function comesToItsTurn({ raw }: FastifyReply, socket: Socket): Promise<boolean> {
  if (raw.socket === null && !socket.destroyed) await Promise.race([once(raw, 'socket'), once(socket, 'close')]);
  return !socket.destroyed;
}
