import { Type } from 'typebox';
import { type Api, done } from '../api.js';
import type { ApiEnvironment } from '../ports.js';
import { answers } from '../schemas/common.js';
import { ingest } from '../schemas/ingest.js';
import { ingestShape } from '../shapes.js';

/** What the server pulls by itself. */
export function ingestRoutes(app: Api, { identity, ingests }: ApiEnvironment): void {
  app.get(
    '/api/v1/ingests',
    {
      schema: {
        summary: 'All ingests: one for each engine of each ingest block',
        tags: ['ingests'],
        response: answers({ ingests: Type.Array(ingest) }),
      },
    },
    () => done(identity, { ingests: ingests().map(ingestShape) }),
  );
}
