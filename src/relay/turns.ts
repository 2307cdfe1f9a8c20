import { type Ms, ms } from '../core/index.js';
import { Backoff, type BackoffLimits } from '../kernel/index.js';

/** Whose turn it is among several servers, and when: each once, one right after another, then a wait that grows. */
export class Turns {
  readonly #backoff: Backoff;
  #at = 0;
  /** So many have failed since the last wait. */
  #tried = 0;
  #failures = 0;

  constructor(waits: BackoffLimits) {
    this.#backoff = new Backoff(waits);
  }

  /** In a row. */
  get failures(): number {
    return this.#failures;
  }

  /** The server whose turn it is. */
  of<T>(servers: readonly T[]): T | undefined {
    return servers[this.#at % servers.length];
  }

  /** It is the next one's turn. @param servers how many there are. @returns the wait until then. */
  failed(servers: number): Ms {
    this.#failures++;
    this.#at = (this.#at + 1) % servers;
    this.#tried++;
    if (this.#tried < servers) return ms(0);
    this.#tried = 0;
    return this.#backoff.next();
  }

  /** A server has done what it was asked for: should it fail now, the others have their turn. */
  worked(): void {
    this.#tried = 0;
  }

  /** It has worked for a while: what fails now is the first failure. */
  reset(): void {
    this.#failures = 0;
    this.#backoff.reset();
  }

  /** The more failures in a row, the fewer lines of log: the first, the second, the fourth, … */
  get isWorthTelling(): boolean {
    return (this.#failures & (this.#failures - 1)) === 0;
  }
}
