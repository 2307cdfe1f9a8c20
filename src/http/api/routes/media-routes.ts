import { setImmediate } from 'node:timers/promises';
import { Type } from 'typebox';
import { type Client, idOf, type LiveStream, type StreamStatistics } from '../../../stream/index.js';
import { type Api, askedBy, done } from '../api.js';
import type { ApiEnvironment } from '../ports.js';
import { notFound } from '../problems.js';
import { answers, byId, MAX_PAGE, page, total } from '../schemas/common.js';
import { client, stream, vhost } from '../schemas/media.js';
import { clientShape, streamShape, vhostShape } from '../shapes.js';

/** As the original: who does not ask for more gets so many clients. */
const CLIENTS = 10;
/** Ends of connections between which other work gets its turn. */
const KICKS = 20;
const REASON = 'disconnected by the operator';

/** Vhosts, streams and clients: their numbers, and the ends of connections. */
export function mediaRoutes(app: Api, env: ApiEnvironment): void {
  vhosts(app, env);
  streams(app, env);
  clients(app, env);
}

function vhosts(app: Api, { identity, statistics, config }: ApiEnvironment): void {
  const tags = ['vhosts'];
  const list = () => {
    const blocks = [...config().vhosts.values()];
    const numbers = statistics.vhosts(blocks.map(({ name }) => name));
    return blocks.flatMap((block, i) => {
      const of = numbers[i];
      return of === undefined ? [] : [vhostShape(identity, block, of)];
    });
  };
  app.get(
    '/api/v1/vhosts',
    { schema: { summary: 'All vhosts', tags, response: answers({ vhosts: Type.Array(vhost) }) } },
    () => done(identity, { vhosts: list() }),
  );
  app.get(
    '/api/v1/vhosts/:id',
    { schema: { summary: 'One vhost', tags, params: byId, response: answers({ vhost }) } },
    ({ params }) => {
      const found = list().find(({ id }) => id === params.id);
      if (found === undefined) throw notFound('vhost');
      return done(identity, { vhost: found });
    },
  );
}

function streams(app: Api, env: ApiEnvironment): void {
  const { identity, statistics, hub, clock, log, config } = env;
  const shape = (one: StreamStatistics, now: number) =>
    streamShape(
      identity,
      one,
      {
        edge: env.edges.of(one.key),
        hls: env.hls(one.key),
        dvr: env.dvr(one.key),
        forwards: env.forwards.list(one.key),
        transcodes: env.transcodes(one.key),
      },
      now,
    );
  const tags = ['streams'];
  const find = (id: string): LiveStream => {
    for (const candidate of hub) if (idOf(identity, candidate.key) === id) return candidate;
    throw notFound('stream');
  };
  const clientsOf = (key: string, publish: boolean): Client[] =>
    [...env.clients].filter(({ streamKey, type }) => streamKey === key && type.endsWith('-publish') === publish);
  const kick = async (what: string, found: LiveStream, victims: readonly Client[], by: string) => {
    log.info({ stream: found.key, clients: victims.length, by }, `${what} kicked through the API`);
    await kickAll(victims);
    return done(identity, { kicked: victims.length });
  };

  app.get(
    '/api/v1/streams',
    {
      schema: {
        summary: 'Streams that somebody publishes, plays or may come back to',
        tags,
        querystring: page(MAX_PAGE),
        response: answers({ streams: Type.Array(stream), total }),
      },
    },
    ({ query }) => {
      const list = statistics.streams(query.start, Math.min(query.count, MAX_PAGE));
      const now = clock.wall();
      return done(identity, {
        streams: list.map((one) => shape(one, now)),
        total: hub.size,
      });
    },
  );
  app.get(
    '/api/v1/streams/:id',
    { schema: { summary: 'One stream', tags, params: byId, response: answers({ stream }) } },
    ({ params }) => {
      const found = statistics.stream(find(params.id).key);
      if (found === undefined) throw notFound('stream');
      return done(identity, { stream: shape(found, clock.wall()) });
    },
  );
  const kicked = answers({ kicked: Type.Integer({ description: 'Connections that were ended.' }) });
  app.delete(
    '/api/v1/streams/:id/publisher',
    { schema: { summary: 'End the publish; it may come back', tags, params: byId, response: kicked } },
    (request) => {
      const found = find(request.params.id);
      return kick('publisher', found, clientsOf(found.key, true), askedBy(request, config));
    },
  );
  app.delete(
    '/api/v1/streams/:id/viewers',
    { schema: { summary: 'Disconnect all players', tags, params: byId, response: kicked } },
    (request) => {
      const found = find(request.params.id);
      return kick('players', found, clientsOf(found.key, false), askedBy(request, config));
    },
  );
}

/** In portions, so that the other streams go on meanwhile. */
async function kickAll(victims: readonly Client[]): Promise<void> {
  for (const [i, victim] of victims.entries()) {
    if (i > 0 && i % KICKS === 0) await setImmediate();
    victim.kick(REASON);
  }
}

function clients(app: Api, env: ApiEnvironment): void {
  const { identity, clock, log, config } = env;
  const tags = ['clients'];
  const find = (id: string): Client => {
    const found = env.clients.get(id);
    if (found === undefined) throw notFound('client');
    return found;
  };
  app.get(
    '/api/v1/clients',
    {
      schema: {
        summary: 'Publishers and players, in the order in which they came',
        tags,
        querystring: page(CLIENTS),
        response: answers({ clients: Type.Array(client), total }),
      },
    },
    ({ query: { start, count } }) => {
      const now = clock.wall();
      const list = [];
      let at = 0;
      for (const one of env.clients) {
        if (at++ < start) continue;
        if (list.length === Math.min(count, MAX_PAGE)) break;
        list.push(clientShape(identity, one, now));
      }
      return done(identity, { clients: list, total: env.clients.size });
    },
  );
  app.get(
    '/api/v1/clients/:id',
    { schema: { summary: 'One client', tags, params: byId, response: answers({ client }) } },
    ({ params }) => done(identity, { client: clientShape(identity, find(params.id), clock.wall()) }),
  );
  app.delete(
    '/api/v1/clients/:id',
    { schema: { summary: 'Disconnect a client', tags, params: byId, response: answers({}) } },
    (request) => {
      const found = find(request.params.id);
      log.info({ conn: found.facts.id, by: askedBy(request, config) }, 'client is kicked through the API');
      found.kick(REASON);
      return done(identity, {});
    },
  );
}
