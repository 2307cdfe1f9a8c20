import type { HTTPMethods } from 'fastify';
import type { Api } from './api.js';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * A path that is there answers 405 to methods that it has not. Call it before the routes are made.
 * @returns to be called after they are.
 */
export function refuseOtherMethods(app: Api): () => void {
  const known = new Map<string, Set<HTTPMethods>>();
  let collecting = true;
  app.addHook('onRoute', ({ url, method }) => {
    if (!collecting) return;
    const methods = known.get(url) ?? new Set();
    known.set(url, methods);
    for (const one of [method].flat()) methods.add(one as HTTPMethods);
  });
  return () => {
    collecting = false;
    for (const [url, methods] of known) {
      const others = METHODS.filter((method) => !methods.has(method));
      const allow = [...methods].join(', ');
      app.route({
        method: others,
        url,
        schema: { hide: true },
        handler: (_, reply) =>
          reply
            .code(405)
            .header('Allow', allow)
            .send({ code: 'API_METHOD', message: `this path has ${allow}` }),
      });
    }
  };
}
