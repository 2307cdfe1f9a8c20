import { statXml } from '../../stat/stat-xml.js';
import type { Api } from '../api.js';
import type { ApiEnvironment } from '../ports.js';

/** For what was written for nginx-rtmp. */
export function statRoutes(app: Api, env: ApiEnvironment): void {
  app.get('/stat', { schema: { hide: true } }, async (_, reply) =>
    reply.type('text/xml; charset=utf-8').send(await statXml(env)),
  );
}
