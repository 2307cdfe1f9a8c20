import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { causeOf } from '../kernel/index.js';
import { answerTo } from './answer-to.js';
import { TOO_MANY, takeShare } from './client-address.js';
import { httpDate } from './common-headers.js';
import { FlvPush } from './flv-push.js';
import { hasSeveralHosts } from './host-fields.js';
import { webSocketLive } from './live-framing.js';
import type { LiveOutput } from './live-output.js';
import { type LiveRequest, liveRequestOf } from './live-request.js';
import type { HttpEnvironment } from './ports.js';

const MAX_MESSAGE = 17 * 2 ** 20;
/** What a player sends is not looked at, so it is not collected either. */
const MAX_OF_PLAYER = 2 ** 16;

/** Live streams over WebSockets: played, and pushed. */
export class WebSockets {
  readonly #players = doorFor(MAX_OF_PLAYER);
  readonly #publishers = doorFor(MAX_MESSAGE);

  constructor(
    private readonly env: HttpEnvironment,
    private readonly live: LiveOutput,
  ) {}

  /** `ws://HOST/APP/STREAM.flv`: plays; with `?publish` in the query the client sends FLV. */
  async upgrade(message: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      if (hasSeveralHosts(message)) return this.#refuse(socket, '400 Bad Request');
      if (!takeShare(this.env, message, socket)) return this.#refuse(socket, `429 ${TOO_MANY}`);
      const live = liveRequestOf(this.env.config(), message);
      if (live === undefined) return this.#refuse(socket, '404 Not Found');
      if (live.container === 'flv' && new URLSearchParams(live.param).has('publish'))
        return await this.#push(live, message, socket, head);
      const gone = new AbortController();
      socket.once('close', () => gone.abort());
      const admitted = await this.live.admit(live, `ws-${live.container}`, message, gone.signal);
      if (gone.signal.aborted) return admitted?.giveUp();
      if (admitted === undefined) return this.#refuse(socket, '404 Not Found');
      let isServed = false;
      this.#players.handleUpgrade(message, socket, head, (client) => {
        isServed = true;
        // It answers pings and closes; what it is sent is written to the socket itself, framed once for all players.
        client.on('message', () => undefined);
        client.on('error', () => socket.destroy());
        this.live.serve(admitted, socket, webSocketLive(live));
      });
      // A handshake that is not one was answered with 400.
      if (!isServed) admitted.giveUp();
    } catch (error) {
      const { status, text } = answerTo(error, this.env);
      this.#refuse(socket, `${status} ${text.replaceAll(/[^\x20-\x7e]/g, '?')}`);
    }
  }

  async #push(live: LiveRequest, message: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const push = await FlvPush.open(this.env, live, message, () => socket.destroySoon());
    if (push === undefined) return;
    socket.once('close', () => push.end());
    this.#publishers.handleUpgrade(message, socket, head, (client) => {
      client.on('error', (error) => {
        push.end(error);
        socket.destroy();
      });
      client.on('message', (bytes: Buffer) => {
        try {
          push.take(bytes);
        } catch (error) {
          push.end(causeOf(error));
          client.close(1007, 'not an FLV stream');
        }
      });
    });
  }

  #refuse(socket: Socket, status: string): void {
    const date = httpDate(this.env.clock);
    socket.end(`HTTP/1.1 ${status}\r\nDate: ${date}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
}

const doorFor = (maxPayload: number): WebSocketServer =>
  new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload });
