import { type Clock, type Log, logEnd, SrsError } from '../kernel/index.js';
import { type StreamFacts, streamKey } from '../stream/index.js';

const WHILE = 30_000;
const MOST = 1000;

/**
 * Log lines about clients that are refused over HTTP. Their players come again by themselves, those of HLS every few
 * seconds, and a request costs them nothing: an address is named once per reason and stream within 30 s, and no more
 * than 1000 lines are written in that time.
 */
export class Refusals {
  readonly #told = new Set<string>();
  #until = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** @param error anything but a refusal or a broken rule is not for here. */
  report(facts: StreamFacts, error: unknown): void {
    if (!(error instanceof SrsError)) return;
    const { id, ip, peer, protocol } = facts;
    const stream = streamKey(facts);
    if (this.#isTold(`${ip} ${error.code} ${protocol} ${stream}`)) return;
    logEnd(this.log, { conn: id, peer, protocol, stream }, error, 'client refused');
  }

  #isTold(what: string): boolean {
    const now = this.clock.now();
    if (now >= this.#until) {
      this.#told.clear();
      this.#until = now + WHILE;
    }
    if (this.#told.has(what) || this.#told.size >= MOST) return true;
    this.#told.add(what);
    return false;
  }
}
