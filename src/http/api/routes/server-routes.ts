import { Type } from 'typebox';
import { isSupported } from '../../../config/index.js';
import { product, version } from '../../../kernel/index.js';
import { type Api, done } from '../api.js';
import type { ApiEnvironment } from '../ports.js';
import { answers } from '../schemas/common.js';
import { authors, features, requests, versions } from '../schemas/system.js';

/** Of these a log of answers must not keep copies. */
const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie']);

const featuresOf = () => ({
  ssl: isSupported('http_server.https'),
  hls: true,
  hds: isSupported('hds'),
  callback: true,
  api: true,
  httpd: true,
  dvr: isSupported('dvr'),
  transcode: isSupported('transcode'),
  ingest: isSupported('ingest'),
  stat: true,
  nginx: false,
  ffmpeg: isSupported('transcode') || isSupported('ingest'),
  stream_caster: isSupported('stream_caster'),
  complex_send: true,
  tcp_nodelay: true,
  so_sendbuf: false,
  mr: true,
});

/** What the server is, whatever it does at the moment. */
export function serverRoutes(app: Api, { identity, clock }: ApiEnvironment): void {
  const tags = ['server'];
  app.get('/api/v1/versions', { schema: { summary: 'Version', tags, response: answers(versions) } }, () => {
    const [major = 0, minor = 0, revision = 0] = version.split('.').map(Number.parseFloat);
    return done(identity, { data: { major, minor, revision, version } });
  });
  app.get('/api/v1/authors', { schema: { summary: 'Authors', tags, response: answers(authors) } }, () =>
    done(identity, {
      data: {
        primary: product.authors,
        authors: product.authors,
        contributors_link: product.url,
        contributors: product.authors,
        license: product.license,
        copyright: `Copyright (c) ${product.authors}`,
      },
    }),
  );
  app.get('/api/v1/features', { schema: { summary: 'Features', tags, response: answers(features) } }, () =>
    done(identity, { data: featuresOf() }),
  );
  for (const path of ['/api/v1/requests', '/api/v1/tests/requests'])
    app.get(path, { schema: { summary: 'The request itself', tags, response: answers(requests) } }, (request) =>
      done(identity, {
        data: {
          uri: request.url,
          path: request.url.split('?')[0] ?? '',
          METHOD: request.method,
          headers: Object.fromEntries(
            Object.entries(request.headers).flatMap(([name, value]) =>
              CREDENTIALS.has(name) ? [] : [[name, String(value)] as const],
            ),
          ),
          server: {
            sigature: product.name,
            name: product.url,
            version,
            link: product.url,
            time: Math.round(clock.wall()),
          },
        },
      }),
    );
  const failure = Type.Object({ code: Type.Literal(100) }, { additionalProperties: false });
  app.get('/api/v1/tests/errors', { schema: { summary: 'Always an error', tags, response: { 200: failure } } }, () => ({
    code: 100 as const,
  }));
  app.get(
    '/api/v1/tests/redirects',
    { schema: { summary: 'Always a redirect to tests/errors', tags, response: { 301: Type.Null() } } },
    (_, reply) => void reply.redirect('/api/v1/tests/errors', 301),
  );
}
