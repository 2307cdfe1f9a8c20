import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type ErrorCode, type Log, SrsError, systemClock } from '../../kernel/index.js';
import { httpDate } from '../common-headers.js';

const STATUS: Partial<Record<ErrorCode, number>> = {
  API_REQUEST: 400,
  API_NOT_FOUND: 404,
  API_METHOD: 405,
  INTERNAL: 500,
};

/** Nothing has this id. */
export const notFound = (what: string): SrsError => new SrsError('API_NOT_FOUND', `there is no such ${what}`);

/** An error of fastify about a request. */
export const problemOf = ({ message }: Error): { code: ErrorCode; message: string } => ({
  code: 'API_REQUEST',
  message,
});

/** Every answer that is no success has the same shape: a code of the catalogue, and words for people. */
export function answerProblems(app: FastifyInstance, log: Log): void {
  app.setNotFoundHandler((_, reply) =>
    reply.code(404).send({ code: 'API_NOT_FOUND', message: 'there is no such path' }),
  );
  app.setErrorHandler((error, _, reply) => {
    if (error instanceof SrsError)
      return reply.code(STATUS[error.code] ?? 422).send({ code: error.code, message: error.message });
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (error instanceof Error && status >= 400 && status < 500) return reply.code(status).send(problemOf(error));
    log.error({ err: error }, 'internal error in a request to the API');
    return reply.code(500).send({ code: 'INTERNAL', message: 'internal error, see the log of the server' });
  });
}

const REASONS: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
};

/** What is no HTTP, or comes too slowly: there is no request that could be answered through fastify. */
export function answerGarbage(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const [status, reason] = REASONS[error.code ?? ''] ?? [400, 'Bad Request'];
  const body = JSON.stringify({ code: 'API_REQUEST', message: reason.toLowerCase() });
  const head = `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}`;
  socket.end(`${head}\r\nDate: ${httpDate(systemClock)}\r\nConnection: close\r\n\r\n${body}`);
  socket.destroySoon();
}
