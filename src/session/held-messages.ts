import { ProtocolError } from '../kernel/index.js';
import type { WireMessage } from '../protocol/rtmp/index.js';

/** Clients wait for their answers, so little comes; a Flash encoder may send its first pictures unasked. */
const MAX_MESSAGES = 1024;
const MAX_BYTES = 4 * 2 ** 20;

/** What a client sends while the server makes up its mind about it: handled afterwards, in order. */
export class HeldMessages {
  #messages: WireMessage[] = [];
  #bytes = 0;

  /** @throws {ProtocolError} RTMP_STATE when a client sends on and on instead of waiting. */
  push(message: WireMessage): void {
    this.#bytes += message.payload.length;
    this.#messages.push(message);
    if (this.#messages.length > MAX_MESSAGES || this.#bytes > MAX_BYTES)
      throw new ProtocolError('RTMP_STATE', 'too much was sent before the answer to the last command', {
        messages: this.#messages.length,
        bytes: this.#bytes,
      });
  }

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  /** All of them, oldest first; nothing is held any more. */
  take(): WireMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}
