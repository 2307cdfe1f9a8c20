import type { WireMessage } from '../protocol/rtmp/index.js';

/** Clients wait for their answers, so little comes; a Flash encoder may send its first pictures unasked. */
const MAX_MESSAGES = 1024;
const MAX_BYTES = 4 * 2 ** 20;

/** What a client sends while the server makes up its mind about it: handled afterwards, in order. */
export class HeldMessages {
  #messages: WireMessage[] = [];
  #bytes = 0;

  push(message: WireMessage): void {
    this.#bytes += message.payload.length;
    this.#messages.push(message);
  }

  /** Enough is held: the rest has to wait on the network. */
  get isFull(): boolean {
    return this.#messages.length >= MAX_MESSAGES || this.#bytes >= MAX_BYTES;
  }

  /** All of them, oldest first; nothing is held any more. */
  take(): WireMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}
