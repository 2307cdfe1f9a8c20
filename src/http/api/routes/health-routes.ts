import type { Api } from '../api.js';

/** Whether new clients are served: load balancers send none elsewhere than to `ready`. */
export type Readiness = 'starting' | 'ready' | 'full' | 'draining' | 'stopping';

/** For load balancers and Kubernetes, which have no token: alive at all, and ready for clients. */
export function healthRoutes(app: Api, env: { readiness(): Readiness }): void {
  const schema = { hide: true };
  app.get('/healthz', { schema }, () => ({ status: 'ok' }));
  app.get('/readyz', { schema }, (_, reply) => {
    const status = env.readiness();
    return reply.code(status === 'ready' ? 200 : 503).send({ status });
  });
}
