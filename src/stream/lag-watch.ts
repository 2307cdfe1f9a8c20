import { ms } from '../core/index.js';
import type { Clock, Service, Timer } from '../kernel/index.js';
import type { Viewer } from './viewer.js';
import type { WireLog } from './wire-log.js';

const PERIOD = ms(2000);
/** Backlog that is never called lag: a socket buffer of ordinary size. */
const MIN_BOUND = 256 * 1024;
/** A viewer whose socket has not taken a byte for this long is closed. */
const STUCK = 30_000;

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
      const suspects = this.#suspects();
      if (suspects.size > 0) this.#judge(suspects, await this.sendQueues(new Set(suspects.keys())));
    } finally {
      this.#busy = false;
    }
  }

  /** Viewers who may have more than half of their bound still under way. */
  #suspects(): Map<string, { viewer: Viewer; bound: number }> {
    const suspects = new Map<string, { viewer: Viewer; bound: number }>();
    const now = this.clock.now();
    const elapsed = Math.max(1, now - this.#lastSweep) / 1000;
    this.#lastSweep = now;
    for (const log of this.logs()) {
      const bound = this.#bound(log, elapsed);
      for (const viewer of log.viewers) {
        const underWay = viewer.sent - viewer.confirmed;
        const suspect = underWay > bound / 2 || viewer.stalled || !viewer.sink.writable;
        if (!suspect) viewer.stuckSince = 0;
        else if (viewer.sink.kernelKey !== undefined) suspects.set(viewer.sink.kernelKey, { viewer, bound });
      }
    }
    return suspects;
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

  #judge(suspects: Map<string, { viewer: Viewer; bound: number }>, queues: ReadonlyMap<string, number>): void {
    const now = this.clock.now();
    for (const [key, { viewer, bound }] of suspects) {
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
