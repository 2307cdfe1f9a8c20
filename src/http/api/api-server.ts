import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import cors from '@fastify/cors';
import swagger, { type FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { type FastifyReply, fastify } from 'fastify';
import { API_CONNECTIONS } from '../../config/index.js';
import { product, type Service, version } from '../../kernel/index.js';
import { clientAddress, hidesClient } from '../client-address.js';
import { hasSeveralHosts, SEVERAL_HOSTS } from '../host-fields.js';
import type { Api } from './api.js';
import { allowsOrigin, challenge, refuse } from './guard.js';
import { refuseOtherMethods } from './methods.js';
import type { ApiEnvironment } from './ports.js';
import { answerGarbage, answerProblems, problemOf } from './problems.js';
import { edgeRoutes } from './routes/edge-routes.js';
import { eventRoutes } from './routes/event-routes.js';
import { forwardRoutes } from './routes/forward-routes.js';
import { healthRoutes } from './routes/health-routes.js';
import { indexRoutes } from './routes/index-routes.js';
import { ingestRoutes } from './routes/ingest-routes.js';
import { mediaRoutes } from './routes/media-routes.js';
import { metricRoutes } from './routes/metric-routes.js';
import { operatorRoutes } from './routes/operator-routes.js';
import { serverRoutes } from './routes/server-routes.js';
import { statRoutes } from './routes/stat-routes.js';
import { systemRoutes } from './routes/system-routes.js';

const MAX_BODY = 64 * 1024;
const HEADERS_WITHIN = 10_000;
const REQUEST_WITHIN = 20_000;
const IDLE = 15_000;
const HEADERS = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store', Server: `srs/${version}` };
/** Answered to everybody who reaches the port: load balancers have no token. */
const PUBLIC = new Set(['/healthz', '/readyz']);

const ROUTES = [
  indexRoutes,
  serverRoutes,
  systemRoutes,
  mediaRoutes,
  forwardRoutes,
  edgeRoutes,
  ingestRoutes,
  operatorRoutes,
  eventRoutes,
];

const openApi: NonNullable<FastifyDynamicSwaggerOptions['openapi']> = {
  openapi: '3.1.0',
  info: { title: `${product.url} API`, version },
  components: {
    securitySchemes: { token: { type: 'http', scheme: 'bearer' }, password: { type: 'http', scheme: 'basic' } },
  },
  // One of them, or none where reading is free.
  security: [{}, { token: [] }, { password: [] }],
};

/** The HTTP API on sockets that are handed to it. */
export class ApiServer implements Service {
  readonly #node: Server;
  readonly #app: Api;
  #connections = 0;

  constructor(private readonly env: ApiEnvironment) {
    this.#node = createServer({
      headersTimeout: HEADERS_WITHIN,
      requestTimeout: REQUEST_WITHIN,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: IDLE,
      noDelay: true,
    });
    this.#app = fastify({
      serverFactory: (handler) => this.#node.on('request', handler),
      clientErrorHandler: answerGarbage,
      // A path that cannot be decoded reaches neither hooks nor handlers.
      frameworkErrors: (error, _, reply) =>
        void (reply as FastifyReply).code(400).headers(HEADERS).send(problemOf(error)),
      routerOptions: { ignoreTrailingSlash: true },
      forceCloseConnections: true,
      bodyLimit: MAX_BODY,
      logger: false,
    }).withTypeProvider<TypeBoxTypeProvider>();
  }

  async start(): Promise<void> {
    const app = this.#app;
    const { env } = this;
    await app.register(cors, {
      origin: (origin, answer) => answer(null, origin !== undefined && allowsOrigin(env.config().httpApi, origin)),
      methods: ['GET', 'HEAD', 'POST', 'DELETE'],
      allowedHeaders: ['Authorization', 'Content-Type'],
      maxAge: 600,
    });
    await app.register(swagger, { openapi: openApi });
    answerProblems(app, env.log);
    this.#guard();
    const refuseOthers = refuseOtherMethods(app);
    healthRoutes(app, env);
    metricRoutes(app, env);
    statRoutes(app, env);
    for (const routes of ROUTES) routes(app, env);
    app.get('/api/v1/openapi.json', { schema: { hide: true } }, () => app.swagger());
    refuseOthers();
    await app.ready();
    // Its connections come from elsewhere; without this event Node would not watch how long their requests take.
    this.#node.emit('listening');
  }

  /** A connection that was accepted. One too many is closed. */
  accept(socket: Socket): void {
    if (this.#connections >= API_CONNECTIONS) return void socket.destroy();
    this.#connections++;
    socket.once('close', () => this.#connections--);
    this.#node.emit('connection', socket);
  }

  async stop(): Promise<void> {
    this.#node.closeAllConnections();
    await this.#app.close();
    this.#node.close();
  }

  #guard(): void {
    this.#app.addHook('onRequest', async (request, reply) => {
      reply.headers(HEADERS);
      if (hasSeveralHosts(request.raw)) return reply.code(400).send(problemOf(new Error(SEVERAL_HOSTS)));
      if (PUBLIC.has(request.url)) return;
      const { host = '', authorization = '', origin = '' } = request.headers;
      const keys = this.env.config().httpApi;
      const scope = request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write';
      const { trustedProxies } = this.env.config();
      const address = hidesClient(request.raw, trustedProxies) ? '' : clientAddress(request.raw, trustedProxies);
      const status = refuse(scope, { address, host, authorization, origin }, keys);
      if (status === undefined) return;
      if (status === 401) reply.header('WWW-Authenticate', challenge(keys));
      const message = status === 401 ? 'a valid token is needed' : 'not allowed from there, or no token is configured';
      await reply.code(status).send({ code: 'API_REFUSED', message });
    });
  }
}
