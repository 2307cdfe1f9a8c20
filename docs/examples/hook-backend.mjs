// A web service for http_hooks (docs/hooks.md): encoders need a key, everybody may play, and the list of those who do is at /.
// node hook-backend.mjs; HOOK_SECRET is the hook_secret of the configuration, STREAM_KEYS has key=name pairs.
import { createHmac, timingSafeEqual } from 'node:crypto';
import fastify from 'fastify';

const secret = process.env.HOOK_SECRET ?? 'CHANGE-ME';
const port = Number(process.env.PORT ?? 8085);
/** What the encoder publishes → what players see. */
const keys = new Map((process.env.STREAM_KEYS ?? 'my-key=show').split(' ').map((pair) => pair.split('=')));
/** A request older than this, in seconds, is an old one sent again. */
const MAX_AGE = 60;

/** Clients that play or publish now, by id: after a takeover the new publisher is told before the end of the old one. */
const active = new Map();
/** A notification may come twice; the last thousand are known. */
const seen = new Set();

const app = fastify();

// The signature covers the bytes as they came, so the body is parsed here.
app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));

function isSigned({ headers, body }) {
  const time = headers['x-srs-timestamp'];
  const given = Buffer.from(String(headers['x-srs-signature'] ?? ''), 'hex');
  const wanted = createHmac('sha256', secret).update(`${time}.${body}`).digest();
  const fresh = Math.abs(Date.now() / 1000 - Number(time)) <= MAX_AGE;
  return fresh && given.length === wanted.length && timingSafeEqual(given, wanted);
}

function decide({ action, client_id, event_id, stream }) {
  if (seen.has(event_id)) return { code: 0 };
  seen.add(event_id);
  if (seen.size > 1000) seen.delete(seen.values().next().value);
  switch (action) {
    case 'on_publish': {
      const name = keys.get(stream);
      if (name === undefined) return { code: 1, reason: 'this stream key is not known' };
      active.set(client_id, { action, stream: name });
      return { code: 0, stream: name };
    }
    case 'on_play':
      active.set(client_id, { action, stream });
      return { code: 0 };
    case 'on_unpublish':
    case 'on_stop':
      active.delete(client_id);
      return { code: 0 };
    default:
      return { code: 0 };
  }
}

app.post('/hooks', async (request, reply) => {
  if (!isSigned(request)) return reply.code(403).send({ code: 1 });
  return decide(JSON.parse(request.body));
});

app.get('/', async () => [...active.values()]);

await app.listen({ port, host: '127.0.0.1' });
console.log(`hook backend on port ${port}`);
