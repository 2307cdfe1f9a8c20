import { Metrics } from '../../metrics/metrics.js';
import type { Api } from '../api.js';
import type { ApiEnvironment } from '../ports.js';

/** For Prometheus. */
export function metricRoutes(app: Api, env: ApiEnvironment): void {
  const metrics = new Metrics(env);
  app.get('/metrics', { schema: { hide: true } }, async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.render()),
  );
}
