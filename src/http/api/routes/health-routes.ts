import type { FastifyInstance } from 'fastify';

/** Whether new clients are served: load balancers send none elsewhere than to `ready`. */
export type Readiness = 'starting' | 'ready' | 'draining' | 'stopping';

/** For load balancers and Kubernetes, which have no token: alive at all, and ready for clients. */
export function healthRoutes(app: FastifyInstance, env: { readiness(): Readiness }): void {
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_, reply) => {
    const status = env.readiness();
    return reply.code(status === 'ready' ? 200 : 503).send({ status });
  });
}
