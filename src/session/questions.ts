import type { RtmpLink } from '../link/index.js';
import type { WireMessage } from '../protocol/rtmp/index.js';
import type { ClientFacts, Gate, StreamFacts } from '../stream/index.js';
import { Admittance, type Outcome } from './admittance.js';
import { HeldMessages } from './held-messages.js';

/** The connection whose client is asked about. */
export interface Asker {
  readonly link: RtmpLink;
  /** Acts on one message of the client. */
  handle(message: WireMessage): void;
  /** Everything that came so far was handled. */
  settled(): void;
  /** This side has ended the connection: what is still held is not handled any more. */
  readonly isEnded: boolean;
}

/** One client at the gate, seen from its connection: what it sends while it is asked about waits, and is handled in order. */
export class Questions {
  readonly #admittance: Admittance;
  readonly #held = new HeldMessages();

  constructor(
    gate: Gate,
    private readonly asker: Asker,
  ) {
    this.#admittance = new Admittance(gate, () => ({ sent: asker.link.bytesOut, received: asker.link.bytesIn }));
  }

  /** Handles a message, or holds it until the gate has answered; when enough is held nothing more is read. */
  take(message: WireMessage): void {
    if (!this.#admittance.isAsking) return this.asker.handle(message);
    this.#held.push(message);
    if (this.#held.isFull) this.asker.link.reading.hold(true);
  }

  /** May this client connect? No deadline of its own runs until the answer. */
  connect(facts: ClientFacts, outcome: Outcome): void {
    this.asker.link.watch.expectNothing();
    this.#admittance.connect(facts, this.#afterwards(outcome));
  }

  /** May it use a stream? */
  use(use: 'publish' | 'play', facts: StreamFacts, outcome: Outcome): void {
    this.asker.link.watch.expectNothing();
    this.#admittance.use(use, facts, this.#afterwards(outcome));
  }

  #afterwards({ granted, refused }: Outcome): Outcome {
    return {
      granted: (decision) => this.#answered(() => granted(decision)),
      refused: (error) => this.#answered(() => refused(error)),
    };
  }

  /** Acts on the answer, then on what the client sent meanwhile, until the next question. */
  #answered(act: () => void): void {
    const { asker } = this;
    asker.link.guard(() => {
      act();
      const messages = this.#held.take();
      for (const message of messages) {
        if (asker.isEnded || asker.link.isClosed) break;
        this.take(message);
      }
      if (messages.length > 0 && !this.#admittance.isAsking) asker.settled();
      // Also after a refusal: a client that is stuck in writing would not come to read it.
      if (!this.#held.isFull) asker.link.reading.hold(false);
    });
  }

  /** The publish or play has ended. @param replacedBy who took a publish over. */
  stopped(replacedBy?: string): void {
    this.#admittance.stopped(replacedBy);
  }

  /** The connection is over. */
  close(): void {
    this.#admittance.close();
  }
}
