import { secondsToMs } from '../../core/index.js';
import type { Timer } from '../../kernel/index.js';
import { type StreamName, streamKey } from '../../stream/index.js';
import { EdgePull } from './edge-pull.js';
import { edgeOf, nameOf } from './origins.js';
import type { EdgeEnvironment } from './ports.js';
import { Upstream } from './upstream.js';

/** Who wants one stream. */
interface Demand {
  /** Each with the trail that it came with, if it is another server. */
  readonly by: Map<object, string>;
  /** Undefined while the stream is published here. */
  pull: EdgePull | undefined;
  /** The last one has left a moment ago. */
  linger: Timer | undefined;
}

/** The streams that are pulled: one connection for each that somebody wants, however many want it (spec/rtmp.md §9). */
export class EdgePulls {
  readonly #demands = new Map<string, Demand>();

  constructor(
    private readonly env: EdgeEnvironment,
    /** A publisher here pushes this stream to the origin. */
    private readonly isPushed: (streamKey: string) => boolean,
  ) {}

  *[Symbol.iterator](): Iterator<EdgePull> {
    for (const { pull } of this.#demands.values()) if (pull !== undefined) yield pull;
  }

  /** @returns undefined: the stream is not pulled. */
  of(key: string): EdgePull | undefined {
    return this.#demands.get(key)?.pull;
  }

  /** Somebody plays a stream, or waits for it. @param trail the way of a player that is another server. */
  want(name: StreamName, by: object, trail = ''): void {
    const key = streamKey(name);
    if (edgeOf(this.env.config(), name.vhost) === undefined) return;
    const demand = this.#demands.get(key) ?? { by: new Map<object, string>(), pull: undefined, linger: undefined };
    this.#demands.set(key, demand);
    demand.by.set(by, trail);
    demand.linger?.cancel();
    demand.linger = undefined;
    this.recheck(key);
  }

  /** Nothing happens if it did not want the stream. */
  leave(key: string, by: object): void {
    const demand = this.#demands.get(key);
    if (demand?.by.delete(by) !== true || demand.by.size > 0) return;
    const end = (): void => {
      this.#demands.delete(key);
      demand.pull?.stop('the last player has left');
    };
    const linger = edgeOf(this.env.config(), nameOf(key).vhost)?.cluster.linger;
    if (demand.pull?.hasBeenLive !== true || linger === undefined) return end();
    demand.linger = this.env.clock.after(secondsToMs(linger), end);
  }

  /** A stream may have begun or ended to be published here by somebody else: then nothing is pulled. */
  recheck(key: string): void {
    const demand = this.#demands.get(key);
    if (demand === undefined) return;
    const owner = this.env.hub.get(key)?.publication?.owner;
    const isTaken = this.isPushed(key) || (owner !== undefined && !(owner instanceof Upstream));
    if (isTaken) {
      demand.pull?.stop('the stream is published here now');
      demand.pull = undefined;
    } else if (demand.by.size > 0)
      demand.pull ??= new EdgePull(nameOf(key), this.env, () => longest(demand.by.values()));
  }

  reconfigure(): void {
    for (const pull of this) pull.reconfigure();
  }

  close(): void {
    for (const { pull, linger } of this.#demands.values()) {
      linger?.cancel();
      pull?.stop('the server stops');
    }
    this.#demands.clear();
  }
}

/** Of several ways the longest: a circle shows in it, sooner or later. */
function longest(trails: Iterable<string>): string {
  let found = '';
  for (const trail of trails) if (trail.length > found.length) found = trail;
  return found;
}
