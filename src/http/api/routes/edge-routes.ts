import { Type } from 'typebox';
import { type Api, done } from '../api.js';
import type { ApiEnvironment } from '../ports.js';
import { answers } from '../schemas/common.js';
import { edge } from '../schemas/edge.js';
import { edgeShape } from '../shapes.js';

/** What an edge pulls and pushes. */
export function edgeRoutes(app: Api, { identity, edges, clock }: ApiEnvironment): void {
  app.get(
    '/api/v1/edges',
    {
      schema: {
        summary: 'Streams that this edge pulls from its origin, or pushes there',
        tags: ['edges'],
        response: answers({ edges: Type.Array(edge) }),
      },
    },
    () => done(identity, { edges: Array.from(edges.list(), (one) => edgeShape(identity, one, clock.wall())) }),
  );
}
