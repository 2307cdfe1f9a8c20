import { Type } from 'typebox';
import { type Api, done } from '../api.js';
import type { ApiEnvironment } from '../ports.js';
import { answers } from '../schemas/common.js';

const tests = {
  requests: 'what the server understood of the request',
  errors: 'always an answer with code 100',
  redirects: 'always a redirect to errors',
};

const v1 = {
  versions: 'the version of the server',
  summaries: 'the state of the server and its machine',
  rusages: 'resources used, getrusage(2)',
  self_proc_stats: 'this process, /proc/self/stat',
  system_proc_stats: 'the processors, /proc/stat',
  meminfos: 'the memory, /proc/meminfo',
  authors: 'authors and license',
  features: 'what this server can do',
  requests: tests.requests,
  vhosts: 'vhosts with their traffic',
  streams: 'streams with their traffic and media',
  clients: 'publishers and players',
  forwards: 'where live streams are pushed to',
  ingests: 'what the server pulls by itself',
  config: 'the configuration in force, secrets masked',
  reload: 'POST: read the configuration file anew',
  'openapi.json': 'this API as an OpenAPI document',
  tests,
};

/** Lists of what there is. */
export function indexRoutes(app: Api, { identity }: ApiEnvironment): void {
  const list = (path: string, urls: object): void =>
    void app.get(
      path,
      { schema: { summary: 'What there is below', tags: ['index'], response: answers({ urls: Type.Unknown() }) } },
      () => done(identity, { urls }),
    );
  list('/', { api: 'the API' });
  list('/api', { v1: 'version 1 of it' });
  list('/api/v1', v1);
  list('/api/v1/tests', tests);
}
