import type { FastifyInstance } from 'fastify';
import type { Clock, Log } from '../../../kernel/index.js';
import type { EventFeed } from '../../events/event-feed.js';
import { MAX_WAITING, sendEvents } from '../../events/event-response.js';

const MAX_LISTENERS = 32;

/** What happens, as it happens: Server-Sent Events. */
export function eventRoutes(app: FastifyInstance, env: { events: EventFeed; clock: Clock; log: Log }): void {
  const { events, clock, log } = env;
  app.get('/api/v1/events', (request, reply) => {
    if (events.listeners >= MAX_LISTENERS)
      return reply.code(503).send({ code: 'API_LISTENERS', message: `${MAX_LISTENERS} listen to events already` });
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    sendEvents(events, clock, reply.raw, () =>
      log.warn({ address: request.ip, waiting: MAX_WAITING }, 'listener to events is too slow and was closed'),
    );
    return reply;
  });
}
