import type { IncomingMessage } from 'node:http';
import { RefusedError } from '../kernel/index.js';

/** A web page from elsewhere asks. @param origin of the page, '' when none asks. @param host that it asks. */
export const isForeignOrigin = (origin: string, host: string): boolean =>
  origin !== '' && origin.toLowerCase().replace(/^https?:\/\//, '') !== host.toLowerCase();

export const isFromForeignPage = ({ headers }: IncomingMessage): boolean =>
  isForeignOrigin(headers.origin ?? '', headers.host ?? '');

/**
 * A browser sends what any page tells it to from inside the viewer's network, without asking first when it looks like
 * a form, or is a WebSocket. Programs send no Origin. @throws {RefusedError} ORIGIN_DENIED
 */
export function refuseForeignPublisher(message: IncomingMessage): void {
  if (!isFromForeignPage(message)) return;
  const { origin, host } = message.headers;
  throw new RefusedError('ORIGIN_DENIED', 'a web page of another origin may not publish', { origin, host });
}
