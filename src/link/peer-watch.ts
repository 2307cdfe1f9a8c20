import { type Ms, ms } from '../core/index.js';
import type { Deadlines, Watched } from './deadlines.js';

const PING_PERIOD = ms(30_000);
/** A peer that answers nothing, pings included, for this long is gone (reliability R3). */
const SILENCE = 95_000;
/** So long a message may take to arrive in whole: a key frame over a bad uplink, and not one byte now and then. */
const MESSAGE_WITHIN = 60_000;

/** The connection, as its watch sees it. */
interface WatchedPeer {
  /** Bytes written to it so far. */
  readonly bytesOut: number;
  /** Bytes that the kernel has not taken yet. */
  readonly queued: number;
  ping(now: number): void;
  /** @param what the peer should have sent. */
  timedOut(what: string): void;
}

/** What a peer must send, and when it is due: the next call, the next message, an answer to a ping. */
export class PeerWatch implements Watched {
  #deadline = 0;
  #deadlineFor = '';
  #idleLimit = 0;
  #pings = false;
  #lastPing = 0;
  #bytesOutAtPing = 0;
  #lastIn: number;
  #lastMessage: number;
  /** When the last bytes of a message that is not whole yet came. */
  #lastPart = 0;

  constructor(
    private readonly peer: WatchedPeer,
    private readonly deadlines: Deadlines,
  ) {
    this.#lastIn = this.#lastMessage = deadlines.now;
    deadlines.watch(this);
  }

  /** Time is up unless another call comes before `delay` has passed. @param what the peer should send until then. */
  expect(what: string, delay: Ms): void {
    this.#deadlineFor = what;
    this.#deadline = this.deadlines.clock.now() + delay;
  }

  expectNothing(): void {
    this.#deadline = 0;
  }

  /** The peer must send a message, or bytes of one that is under way, at least this often; 0 for no such limit. */
  expectMessages(limit: Ms): void {
    this.#idleLimit = limit;
    this.#lastMessage = this.deadlines.clock.now();
  }

  /** Pings the peer, first after `first`, and drops one that stays silent while nothing can be written to it either. */
  startPings(first: Ms = PING_PERIOD): void {
    this.#pings = true;
    this.#lastPing = this.deadlines.now - PING_PERIOD + first;
  }

  /** The peer's own messages show that it lives. */
  stopPings(): void {
    this.#pings = false;
  }

  /** Bytes came. */
  heard(): void {
    this.#lastIn = this.deadlines.now;
  }

  /** A whole message came with the latest bytes. */
  heardMessage(): void {
    this.#lastMessage = this.#lastIn;
  }

  /** A piece of a message came with the latest bytes. */
  heardPart(): void {
    if (this.#lastIn - this.#lastMessage < MESSAGE_WITHIN) this.#lastPart = this.#lastIn;
  }

  /** Only the end of the connection is waited for. @param within how long. */
  linger(within: Ms): void {
    this.#pings = false;
    this.#idleLimit = 0;
    this.expect('the end of the connection', within);
  }

  stop(): void {
    this.deadlines.unwatch(this);
  }

  checkDeadline(now: number): void {
    if (this.#deadline > 0 && now > this.#deadline) this.peer.timedOut(this.#deadlineFor);
    else if (this.#idleLimit > 0 && now - Math.max(this.#lastMessage, this.#lastPart) > this.#idleLimit)
      this.peer.timedOut(`a message within ${this.#idleLimit} ms`);
    else if (this.#pings && now - this.#lastPing > PING_PERIOD) this.#ping(now);
  }

  #ping(now: number): void {
    const { peer } = this;
    const isQuiet = now - this.#lastIn > SILENCE;
    const tookAll = peer.bytesOut !== this.#bytesOutAtPing && peer.queued === 0;
    if (isQuiet && !tookAll) return peer.timedOut('an answer to pings');
    this.#lastPing = now;
    // A socket that is full would only queue the ping behind megabytes of media.
    if (peer.queued === 0) peer.ping(now);
    this.#bytesOutAtPing = peer.bytesOut;
  }
}
