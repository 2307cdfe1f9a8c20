import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../kernel/index.js';
import { peerName } from '../link/index.js';

/** Browsers and proxies send one request after the other, and the few programs that do not send no more than this ahead. */
const MOST = 16;

/**
 * Counts the requests of each connection that wait for their answers. One that waits for a stream or a hook holds
 * memory, a question to the hook and a viewer's place, and pipelined in one packet there would be hundreds of them:
 * limits of connections say nothing about that.
 */
export class Unanswered {
  readonly #counts = new WeakMap<Socket, number>();

  constructor(private readonly log: Log) {}

  /** @returns false when the connection has too many: it is closed, and this request is answered by nobody. */
  admits({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const count = (this.#counts.get(socket) ?? 0) + 1;
    // What came in the same packet is still told after the end.
    if (socket.destroyed) return false;
    if (count > MOST) {
      const why = `more than ${MOST} requests wait for their answers`;
      this.log.warn({ peer: peerName(socket), why }, 'connection closed');
      socket.destroy();
      return false;
    }
    this.#counts.set(socket, count);
    response.once('close', () => this.#counts.set(socket, (this.#counts.get(socket) ?? 1) - 1));
    return true;
  }
}
