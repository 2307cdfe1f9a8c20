import { ms } from '../core/index.js';
import type { Clock, Service, Timer } from '../kernel/index.js';
import type { Viewer } from './viewer.js';
import type { WireLog } from './wire-log.js';

const PERIOD = ms(2000);
/** Backlog that is never called lag: a socket buffer of ordinary size. */
const MIN_BOUND = 256 * 1024;
/** A viewer whose socket has not taken a byte for this long is closed. */
const STUCK = 30_000;

/** Who may have more than this share of the bound under way must be looked up in the kernel's tables. */
const SUSPECT = 1 / 2;
/** Printing the tables costs the kernel much, so whoever has this share is looked up with the others. */
const WORTHWHILE = 1 / 8;

interface Late {
  readonly viewer: Viewer;
  readonly bound: number;
}

interface Rate {
  made: number;
  perSecond: number;
}

/**
 * Bounds what viewers have in the kernel's buffers, which take megabytes before a write is first refused: a player
 * that reads nothing would be a minute late before anybody noticed. What a viewer truly received comes from its
 * acknowledgements; who may be late by them is looked up in the kernel's send queues.
 */
export class LagWatch implements Service {
  #timer: Timer | undefined;
  #busy = false;
  readonly #rates = new WeakMap<WireLog, Rate>();
  #lastSweep: number;

  constructor(
    private readonly logs: () => Iterable<WireLog>,
    private readonly clock: Clock,
    private readonly sendQueues: (keys: ReadonlySet<string>) => Promise<ReadonlyMap<string, number>>,
  ) {
    this.#lastSweep = clock.now();
  }

  async start(): Promise<void> {
    this.#timer = this.clock.every(PERIOD, () => void this.sweep());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
  }

  async sweep(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const bounds = this.#bounds();
      if (!this.#isDue(bounds)) return;
      const viewers = lateOnes(bounds);
      this.#judge(viewers, await this.sendQueues(new Set(viewers.keys())));
    } finally {
      this.#busy = false;
    }
  }

  /** How much the viewers of each log may have under way. */
  #bounds(): ReadonlyMap<WireLog, number> {
    const now = this.clock.now();
    const elapsed = Math.max(1, now - this.#lastSweep) / 1000;
    this.#lastSweep = now;
    return new Map([...this.logs()].map((log) => [log, this.#bound(log, elapsed)]));
  }

  /** Whether any viewer must be looked up. Who needs not is not stuck, either. */
  #isDue(bounds: ReadonlyMap<WireLog, number>): boolean {
    let due = false;
    for (const [log, bound] of bounds)
      for (const viewer of log.viewers) {
        if (viewer.sent - viewer.confirmed > bound * SUSPECT || viewer.stalled || !viewer.sink.writable) due = true;
        else viewer.stuckSince = 0;
      }
    return due;
  }

  /** `queue_length` seconds of the stream's current bit rate. */
  #bound(log: WireLog, elapsed: number): number {
    const rate = this.#rates.get(log) ?? { made: 0, perSecond: 0 };
    const current = (log.bytesMade - rate.made) / elapsed;
    // A pause of the encoder says nothing about the bit rate.
    if (current > 0) rate.perSecond = rate.perSecond === 0 ? current : rate.perSecond * 0.7 + current * 0.3;
    rate.made = log.bytesMade;
    this.#rates.set(log, rate);
    return Math.max(MIN_BOUND, (rate.perSecond * log.maxLag) / 1000);
  }

  #judge(viewers: ReadonlyMap<string, Late>, queues: ReadonlyMap<string, number>): void {
    const now = this.clock.now();
    for (const [key, { viewer, bound }] of viewers) {
      const kernel = queues.get(key);
      if (kernel === undefined || viewer.log === undefined) continue;
      const backlog = kernel + viewer.sink.queued;
      viewer.backlog = backlog;
      const delivered = viewer.sent - backlog;
      if (delivered > viewer.confirmed || backlog === 0) viewer.stuckSince = 0;
      else if (viewer.stuckSince === 0) viewer.stuckSince = now;
      viewer.confirm(delivered);
      const wasStalled = viewer.stalled;
      viewer.stalled = backlog > (wasStalled ? bound / 2 : bound);
      if (viewer.stalled || viewer.log.isBehind(viewer)) viewer.noteBehind();
      if (wasStalled && !viewer.stalled) viewer.drained();
      if (viewer.stuckSince > 0 && now - viewer.stuckSince > STUCK && viewer.state !== 'paused')
        viewer.sink.fail(`took no data for ${STUCK / 1000} s`);
    }
  }
}

/** Whom to look up when there is a look at the tables, by their names in there. */
function lateOnes(bounds: ReadonlyMap<WireLog, number>): Map<string, Late> {
  const late = new Map<string, Late>();
  for (const [log, bound] of bounds)
    for (const viewer of log.viewers) {
      const underWay = viewer.sent - viewer.confirmed;
      if (underWay <= bound * WORTHWHILE && !viewer.stalled && viewer.sink.writable) continue;
      const { kernelKey } = viewer.sink;
      if (kernelKey !== undefined) late.set(kernelKey, { viewer, bound });
    }
  return late;
}
