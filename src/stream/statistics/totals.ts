import { RateWindow } from './rate-window.js';

/** Bytes of connections that belong to one stream, one vhost or the server; those of clients that left stay counted. */
export interface Traffic {
  /** From clients. */
  readonly bytesIn: number;
  /** To clients: handed to their sockets. */
  readonly bytesOut: number;
  /** Means over the last 30 s. */
  readonly kbpsIn: number;
  readonly kbpsOut: number;
  /** Times that a slow player was taken on to a newer key frame. */
  readonly drops: number;
  /** Connected now, publishers included. */
  readonly clients: number;
  readonly publishers: number;
}

/** Adds up what clients report. */
export class Totals {
  bytesIn = 0;
  bytesOut = 0;
  drops = 0;
  clients = 0;
  publishers = 0;
  readonly #rates: RateWindow;

  constructor(now: number) {
    this.#rates = new RateWindow(now);
  }

  add(bytesIn: number, bytesOut: number, drops: number): void {
    this.bytesIn += bytesIn;
    this.bytesOut += bytesOut;
    this.drops += drops;
  }

  sample(now: number): void {
    this.#rates.sample(now, this.bytesIn, this.bytesOut);
  }

  traffic(now: number): Traffic {
    const { bytesIn, bytesOut, drops, clients, publishers } = this;
    const { recv, send } = this.#rates.kbps(now, bytesIn, bytesOut);
    return { bytesIn, bytesOut, kbpsIn: recv, kbpsOut: send, drops, clients, publishers };
  }
}
