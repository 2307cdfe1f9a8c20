import { Type } from 'typebox';
import { idOf } from '../../../stream/index.js';
import { type Api, askedBy, done } from '../api.js';
import type { ApiEnvironment } from '../ports.js';
import { notFound } from '../problems.js';
import { answers, byId } from '../schemas/common.js';
import { forward } from '../schemas/forward.js';
import { forwardShape } from '../shapes.js';

const tags = ['forwards'];
const one = answers({ forward });

/** Where live streams are pushed to: how it goes, and what an operator may change until the stream ends. */
export function forwardRoutes(app: Api, { identity, forwards, hub, clock, log, config }: ApiEnvironment): void {
  const shape = (status: Parameters<typeof forwardShape>[1]) => forwardShape(identity, status, clock.wall());
  const shown = (status: Parameters<typeof forwardShape>[1] | undefined) => {
    if (status === undefined) throw notFound('forward');
    return done(identity, { forward: shape(status) });
  };
  app.get(
    '/api/v1/forwards',
    {
      schema: {
        summary: 'All destinations of all live streams',
        tags,
        response: answers({ forwards: Type.Array(forward) }),
      },
    },
    () => done(identity, { forwards: forwards.list().map(shape) }),
  );
  app.get(
    '/api/v1/forwards/:id',
    { schema: { summary: 'One destination', tags, params: byId, response: one } },
    (request) => shown(forwards.list().find(({ id }) => id === request.params.id)),
  );
  app.post(
    '/api/v1/forwards',
    {
      schema: {
        summary: 'Push a live stream to one more destination, until it ends',
        tags,
        body: Type.Object({
          stream: Type.String({ description: 'Id of the stream, or vhost/app/stream.' }),
          destination: Type.String({ description: 'host[:port] or rtmp(s)://host[:port]/app/stream.' }),
        }),
        response: one,
      },
    },
    (request) => {
      const { stream, destination } = request.body;
      const found = [...hub].find(({ key }) => key === stream || idOf(identity, key) === stream);
      if (found === undefined) throw notFound('stream');
      const added = forwards.add(found.key, destination);
      log.info({ stream: found.key, to: added.to, by: askedBy(request, config) }, 'forward added through the API');
      return shown(added);
    },
  );
  for (const [verb, summary] of [
    ['pause', 'Send nothing to a destination until it is resumed or the stream ends'],
    ['resume', 'Go on with a destination that was paused'],
  ] as const)
    app.post(`/api/v1/forwards/:id/${verb}`, { schema: { summary, tags, params: byId, response: one } }, (request) => {
      log.info({ forward: request.params.id, by: askedBy(request, config) }, `forward ${verb} through the API`);
      return shown(forwards[verb](request.params.id));
    });
  app.delete(
    '/api/v1/forwards/:id',
    { schema: { summary: 'Take a destination out until the stream ends', tags, params: byId, response: answers({}) } },
    (request) => {
      if (!forwards.remove(request.params.id)) throw notFound('forward');
      log.info({ forward: request.params.id, by: askedBy(request, config) }, 'forward removed through the API');
      return done(identity, {});
    },
  );
}
