import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from 'fastify';
import type { Config } from '../../config/index.js';
import type { ServerIdentity } from '../../stream/index.js';
import { clientAddress } from '../client-address.js';

/** Fastify with handlers that are held to their schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** The address of whoever asks, for the log. */
export const askedBy = ({ raw }: Pick<FastifyRequest, 'raw'>, config: () => Config): string =>
  clientAddress(raw, config().trustedProxies);

/** A successful answer. */
export const done = <T extends object>({ server, service, pid }: ServerIdentity, body: T) => ({
  code: 0 as const,
  server,
  service,
  pid,
  ...body,
});
