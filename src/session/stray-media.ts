import { ProtocolError } from '../kernel/index.js';
import { MessageType, type WireMessage } from '../protocol/rtmp/index.js';

/** Encoders send a few frames more after they have ended their publish; whoever goes on longer believes to be live. */
const TAIL = 1000;

/** Audio and video of a client that publishes nothing: a tail is let pass, and another one after a pause. */
export class StrayMedia {
  #since = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** @param now monotonic ms. @throws {ProtocolError} RTMP_STATE */
  take(message: WireMessage, now: number): void {
    if (message.type === MessageType.dataAmf0 || message.type === MessageType.dataAmf3) return;
    if (now - this.#last > TAIL) this.#since = now;
    this.#last = now;
    if (now - this.#since > TAIL)
      throw new ProtocolError('RTMP_STATE', 'the client sends audio or video but publishes nothing');
  }

  /** What comes from here on is another tail. */
  reset(): void {
    this.#last = Number.NEGATIVE_INFINITY;
  }
}
