import type { ServerResponse } from 'node:http';
import { ms } from '../../core/index.js';
import type { Clock } from '../../kernel/index.js';
import type { EventFeed } from './event-feed.js';

/** A proxy or browser that hears nothing for longer may give the connection up. */
const SIGN_OF_LIFE = ms(15_000);
/** What may wait for one listener, besides the socket's buffers in the kernel, before it is closed. */
export const MAX_WAITING = 256 * 1024;

/**
 * Sends events until the listener leaves or reads too slowly: then its connection is closed, and it may come back.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function sendEvents(feed: EventFeed, clock: Clock, response: ServerResponse, onTooSlow: () => void): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
  let burst = '';
  // What happens in one turn of the event loop leaves together: a thousand clients that leave at once are no backlog.
  const flush = (): void => {
    const text = burst;
    burst = '';
    if (response.destroyed) return;
    if (response.writableLength <= MAX_WAITING) return void response.write(text);
    end();
    onTooSlow();
    response.destroy();
  };
  const write = (text: string): void => {
    if (burst === '') setImmediate(flush);
    burst += text;
  };
  const stop = feed.listen(write);
  const timer = clock.every(SIGN_OF_LIFE, () => write(':\n\n'));
  const end = (): void => {
    stop();
    timer.cancel();
  };
  response.once('close', end);
  write('retry: 2000\n\n');
}
