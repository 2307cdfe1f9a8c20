import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../kernel/index.js';
import { peerName } from '../link/index.js';

/** Browsers and proxies send one request after the other, and the few programs that do not send no more than this ahead. */
const MOST = 16;

interface Answers {
  /** To the last request. Node sends answers in turn, so when this one is sent no other waits. */
  latest: ServerResponse;
  /** Those that were asked for while another waited, and wait themselves. */
  ahead: number;
}

/**
 * Counts the requests of each connection that wait for their answers. One that waits for a stream or a hook holds
 * memory, a question to the hook and a viewer's place, and pipelined in one packet there would be hundreds of them:
 * limits of connections say nothing about that.
 */
export class Unanswered {
  readonly #answers = new WeakMap<Socket, Answers>();

  constructor(private readonly log: Log) {}

  /** @returns false when the connection has too many: it is closed, and this request is answered by nobody. */
  admits({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const answers = this.#answers.get(socket);
    // Nearly every request: nothing waits, and nothing has to be told of its end.
    if (answers === undefined) this.#answers.set(socket, { latest: response, ahead: 0 });
    else if (answers.latest.writableFinished) answers.latest = response;
    else return this.#admitsAhead(socket, answers, response);
    return true;
  }

  #admitsAhead(socket: Socket, answers: Answers, response: ServerResponse): boolean {
    // What came in the same packet is still told after the end.
    if (socket.destroyed) return false;
    if (answers.ahead + 1 === MOST) {
      const why = `more than ${MOST} requests wait for their answers`;
      this.log.warn({ peer: peerName(socket), why }, 'connection closed');
      socket.destroy();
      return false;
    }
    answers.latest = response;
    answers.ahead++;
    response.once('close', () => answers.ahead--);
    return true;
  }

  /** A request of the connection waits for its answer. */
  waits(socket: Socket): boolean {
    return this.#answers.get(socket)?.latest.writableFinished === false;
  }
}
