import { Type } from 'typebox';
import { MAX_WAITING, sendEvents } from '../../events/event-response.js';
import { type Api, askedBy } from '../api.js';
import type { ApiEnvironment } from '../ports.js';
import { problems } from '../schemas/common.js';

const MAX_LISTENERS = 32;

/** What happens, as it happens: Server-Sent Events. */
export function eventRoutes(app: Api, { events, clock, log, config }: ApiEnvironment): void {
  const stream = { description: 'Events', content: { 'text/event-stream': { schema: Type.String() } } };
  const schema = { summary: 'What happens, as it happens', tags: ['events'], response: { 200: stream, ...problems } };
  app.get('/api/v1/events', { schema, exposeHeadRoute: false }, (request, reply) => {
    if (events.listeners >= MAX_LISTENERS)
      return void reply.code(503).send({ code: 'API_LISTENERS', message: `${MAX_LISTENERS} listen to events already` });
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    sendEvents(events, clock, reply.raw, () =>
      log.warn(
        { peer: askedBy(request, config), waiting: MAX_WAITING },
        'listener to events is too slow and was closed',
      ),
    );
  });
}
