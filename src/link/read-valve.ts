import type { Socket } from 'node:net';
import type { Ms } from '../core/index.js';
import type { Clock, Timer } from '../kernel/index.js';

/** Whether a socket is read: it is while none of three reasons speaks against it. */
export class ReadValve {
  /** The peer has not taken what was written to it: who reads no answers shall ask for no more. */
  #waitsForPeer = false;
  #isHeld = false;
  #rest: Timer | undefined;
  #isOver = false;

  constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
  ) {}

  /** Nothing is read until `peerTookAll`. */
  waitForPeer(): void {
    this.#waitsForPeer = true;
    this.socket.pause();
  }

  /** What was written to the peer has left. */
  peerTookAll(): void {
    if (!this.#waitsForPeer) return;
    this.#waitsForPeer = false;
    this.#resume();
  }

  /** While `on` nothing is read: what the peer sends waits on the network. */
  hold(on: boolean): void {
    if (on === this.#isHeld) return;
    this.#isHeld = on;
    if (on) this.socket.pause();
    else this.#resume();
  }

  /** Reads nothing for `pause`; a rest that is under way is not made longer. */
  rest(pause: Ms): void {
    if (this.#isOver || this.#rest !== undefined) return;
    this.socket.pause();
    this.#rest = this.clock.after(pause, () => {
      this.#rest = undefined;
      this.#resume();
    });
  }

  close(): void {
    this.#isOver = true;
    this.#rest?.cancel();
  }

  #resume(): void {
    if (!this.#mayRead) return;
    // Node reads on into its buffer while paused. Taken one by one, these pieces would each ask for a rest of their own.
    this.socket.read();
    if (this.#mayRead) this.socket.resume();
  }

  get #mayRead(): boolean {
    return !this.#isOver && !this.#waitsForPeer && !this.#isHeld && this.#rest === undefined;
  }
}
