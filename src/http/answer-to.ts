import { type ErrorCode, ProtocolError, RefusedError } from '../kernel/index.js';
import type { HttpEnvironment } from './ports.js';

const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  STREAM_BUSY: 409,
  PLAYERS_LIMIT: 503,
  ORIGIN_UNREACHABLE: 503,
};

/** What a client is told of an error; anything unexpected is logged and stays ours. */
export function answerTo(error: unknown, { log }: HttpEnvironment): { status: number; text: string } {
  if (error instanceof ProtocolError) return { status: 400, text: error.message };
  if (error instanceof RefusedError) return { status: STATUS[error.code] ?? 403, text: error.message };
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
  if (status >= 400 && status < 500) return { status, text: 'Bad Request' };
  log.error({ err: error }, 'internal error in an HTTP request');
  return { status: 500, text: 'Internal Server Error' };
}
