import { Type } from 'typebox';
import { SrsError } from '../../../kernel/index.js';
import { type Api, askedBy, done } from '../api.js';
import type { ApiEnvironment } from '../ports.js';
import { answers, exactly } from '../schemas/common.js';

const setting = exactly({
  in: Type.Array(Type.String(), { description: 'The blocks around it, such as "vhost a", "play".' }),
  name: Type.String(),
  value: Type.Unknown({ description: 'Secrets are ***, and what URLs carry of them.' }),
  origin: Type.String({ description: 'FILE:LINE:COLUMN, the environment variable, or default.' }),
});

/** The configuration: what is in force, and reading it anew. */
export function operatorRoutes(app: Api, { identity, settings, reload, log, config }: ApiEnvironment): void {
  const tags = ['configuration'];
  app.get(
    '/api/v1/config',
    {
      schema: {
        summary: 'The configuration in force',
        tags,
        response: answers({ settings: Type.Array(setting) }),
      },
    },
    () => done(identity, { settings: settings().map((one) => ({ ...one, in: [...one.in] })) }),
  );
  app.post(
    '/api/v1/reload',
    {
      schema: {
        summary: 'Read the configuration file anew: all of it comes into force, or nothing',
        tags,
        response: answers({
          changes: Type.Array(Type.String({ description: 'One line for each setting that changed.' })),
          warnings: Type.Array(Type.String()),
        }),
      },
    },
    async (request) => {
      log.info({ by: askedBy(request, config) }, 'reload through the API');
      const result = await reload();
      if (!result.ok) throw new SrsError(result.code, result.error);
      return done(identity, { changes: [...result.changes], warnings: [...result.warnings] });
    },
  );
}
