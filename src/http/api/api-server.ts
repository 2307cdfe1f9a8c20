import type { Socket } from 'node:net';
import { type FastifyInstance, fastify } from 'fastify';
import type { Config } from '../../config/index.js';
import { type Clock, type Log, type Service, version } from '../../kernel/index.js';
import { peerOf } from '../../link/index.js';
import {
  type Client,
  type ClientRegistry,
  idOf,
  type ServerIdentity,
  type Statistics,
  type StreamStatistics,
} from '../../stream/index.js';
import { clientAddress, isForwarded } from '../client-address.js';
import type { EventFeed } from '../events/event-feed.js';
import { refuse } from './guard.js';
import { eventRoutes } from './routes/event-routes.js';
import { healthRoutes, type Readiness } from './routes/health-routes.js';

/** What the API shows; wired in app/. */
export interface ApiEnvironment {
  readonly clients: ClientRegistry;
  readonly statistics: Statistics;
  readonly identity: ServerIdentity;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventFeed;
  readiness(): Readiness;
  config(): Config;
}

/** Answered to everybody who reaches the port: load balancers have no token. */
const PUBLIC = new Set(['/healthz', '/readyz']);
const PAGE = 10;
const MAX_PAGE = 1000;

/** The HTTP API on sockets that are handed to it. */
export class ApiServer implements Service {
  readonly #fastify: FastifyInstance;

  constructor(private readonly env: ApiEnvironment) {
    this.#fastify = fastify({ routerOptions: { ignoreTrailingSlash: true }, forceCloseConnections: true });
    this.#guard();
    this.#routes();
  }

  async start(): Promise<void> {
    await this.#fastify.ready();
  }

  accept(socket: Socket): void {
    this.#fastify.server.emit('connection', socket);
  }

  async stop(): Promise<void> {
    this.#fastify.server.closeAllConnections();
    await this.#fastify.close();
  }

  #guard(): void {
    const app = this.#fastify;
    app.addHook('onRequest', async (request, reply) => {
      reply.header('X-Content-Type-Options', 'nosniff');
      if (PUBLIC.has(request.url)) return;
      const { host = '', authorization = '' } = request.headers;
      const scope = request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write';
      const client = clientAddress(request.raw, this.env.config().trustedProxies);
      // What came through a proxy is not from this machine, even if the proxy is on it and nobody says to trust it.
      const address = isForwarded(request.raw) && client === peerOf(request.socket).address ? '' : client;
      const status = refuse(scope, { address, host, authorization }, this.env.config().httpApi);
      if (status === undefined) return;
      const message = status === 401 ? 'a valid token is needed' : 'not allowed from there, or no token is configured';
      await reply.code(status).send({ code: 'API_REFUSED', message });
    });
    app.setNotFoundHandler((_, reply) =>
      reply.code(404).send({ code: 'API_NOT_FOUND', message: 'there is no such thing' }),
    );
  }

  #routes(): void {
    const app = this.#fastify;
    const { clients, statistics, log } = this.env;
    healthRoutes(app, this.env);
    eventRoutes(app, this.env);
    app.get('/api/v1/versions', () => {
      const [major, minor, revision] = version.split('.').map(Number);
      return { code: 0, data: { major, minor, revision, version } };
    });
    app.get('/api/v1/streams', () => ({
      code: 0,
      streams: Array.from(statistics.streams(), (stream) => this.#stream(stream)),
    }));
    app.get<{ Querystring: { start?: string; count?: string } }>('/api/v1/clients', ({ query }) => {
      const start = Math.max(0, Number(query.start) || 0);
      const count = Math.min(MAX_PAGE, Math.max(1, Number(query.count) || PAGE));
      return { code: 0, clients: [...clients].slice(start, start + count).map((client) => this.#client(client)) };
    });
    app.get<{ Params: { id: string } }>('/api/v1/clients/:id', ({ params }, reply) => {
      const client = clients.get(params.id);
      return client === undefined ? reply.callNotFound() : { code: 0, client: this.#client(client) };
    });
    app.delete<{ Params: { id: string } }>('/api/v1/clients/:id', ({ params }, reply) => {
      const client = clients.get(params.id);
      if (client === undefined) return reply.callNotFound();
      log.info({ conn: params.id }, 'client is kicked through the API');
      client.kick('disconnected by the operator');
      return { code: 0 };
    });
  }

  #stream(stream: StreamStatistics) {
    return {
      id: idOf(this.env.identity, stream.key),
      name: stream.name.stream,
      vhost: idOf(this.env.identity, stream.name.vhost),
      app: stream.name.app,
      live_ms: Math.round(this.env.clock.wall()),
      clients: stream.clients,
      frames: stream.frames,
      send_bytes: stream.bytesOut,
      recv_bytes: stream.bytesIn,
      publish: { active: stream.publisher !== undefined, cid: stream.publisher?.id ?? '' },
    };
  }

  #client({ facts, type, streamKey, viewer, since, bytesIn, bytesOut }: Client) {
    return {
      id: facts.id,
      vhost: facts.vhost,
      stream: streamKey ?? '',
      ip: facts.ip,
      type,
      publish: type.endsWith('-publish'),
      alive: (this.env.clock.wall() - since) / 1000,
      send_bytes: bytesOut,
      recv_bytes: bytesIn,
      lag_ms: viewer?.log?.lagOf(viewer) ?? 0,
      drops: viewer?.drops ?? 0,
    };
  }
}
