import { type Frame, type Ms, ms } from '../core/index.js';
import type { Clock } from '../kernel/index.js';
import { BatchQueue } from './batch-queue.js';
import { Departure } from './departure.js';
import type { FanoutGovernor } from './fanout-governor.js';
import { FanoutPass, type PassLog } from './fanout-pass.js';
import { Feeder, type FeederLog } from './feeder.js';
import { KeyWait } from './key-wait.js';
import { OpenBatch } from './open-batch.js';
import type { Viewer } from './viewer.js';
import { selects, type WireFormat } from './wire-format.js';

export interface WireLogSettings {
  /** A viewer may lag at most this much behind. */
  readonly maxLag: Ms;
  readonly maxBytes: number;
  /** Fixed merge window, or undefined: the governor decides. */
  readonly window: Ms | undefined;
  readonly minLatency: boolean;
  /** Least time between two messages to players (`send_min_interval`); 0 for none. */
  readonly minInterval: number;
  /** Newcomers start at the newest key frame of the past; off, they wait for the next. */
  readonly startFromCache: boolean;
}

/**
 * The bytes of one stream in one wire format, and the viewers that read them (architecture: a stream is a log, a
 * viewer is a cursor). Frames collect in the open batch; a closed batch is one Buffer that every viewer shares.
 */
export class WireLog implements PassLog, FeederLog {
  readonly viewers: Viewer[] = [];
  readonly #kept = new BatchQueue();
  readonly #open: OpenBatch;
  readonly #feeder: Feeder;
  readonly #keyWait: KeyWait;
  readonly #departure: Departure;
  readonly #pass: FanoutPass;
  /** A picture is under way: who joins now without a key frame cannot decode it. */
  #videoRunning = false;
  /** Times that frames were ready to leave, for the governor. */
  wakes = 0;
  /** Bytes of the stream in this format so far, for the bit rate. */
  bytesMade = 0;

  constructor(
    readonly format: WireFormat,
    clock: Clock,
    private readonly governor: FanoutGovernor,
    private settings: WireLogSettings,
  ) {
    this.#open = new OpenBatch(format);
    this.#feeder = new Feeder(this, this.#kept, this.#open);
    this.#keyWait = new KeyWait(format);
    this.#departure = new Departure(clock, this);
    this.#pass = new FanoutPass(this, clock, governor);
    governor.add(this);
  }

  get maxLag(): Ms {
    return this.settings.maxLag;
  }

  get startsFromCache(): boolean {
    return this.settings.startFromCache;
  }

  reconfigure(settings: WireLogSettings): void {
    this.settings = settings;
    if (!settings.startFromCache) this.forgetStart();
  }

  /** Frees timers; the viewers stay attached to nothing. */
  close(): void {
    this.governor.remove(this);
    this.#departure.cancel();
    for (const viewer of this.viewers) viewer.log = undefined;
    this.viewers.length = 0;
    this.#kept.clear();
    this.#open.clear();
  }

  // ---- the stream's side

  /**
   * Puts the GOP cache of a running stream in front, so that the first viewer of this format starts like any other.
   * @param videoRunning whether a picture is under way; then who has no key frame to start from waits for one.
   * @param now on the stream's clock.
   */
  prime(frames: readonly Frame[], headers: readonly Frame[], videoRunning: boolean, now: Ms): void {
    this.#kept.newestDts = now;
    this.#videoRunning = videoRunning && this.format.selection !== 'audio';
    if (!this.settings.startFromCache) return;
    for (const frame of frames) this.#admit(frame, headers);
    this.#closeBatch();
  }

  /** The next frames come from another publish, whose video starts with a key frame: nobody needs to wait for it. */
  beginPublish(): void {
    this.#closeBatch();
    this.#videoRunning = false;
    for (const viewer of this.viewers) if (viewer.state === 'waiting') this.#goLive(viewer);
    this.#pass.start();
  }

  /** The publisher is gone: what is open leaves now, and newcomers do not get to see the past. */
  endPublish(): void {
    this.flush();
    this.#videoRunning = false;
    this.forgetStart();
  }

  /** The newest group of pictures is over its limits: newcomers wait for the next. */
  forgetStart(): void {
    this.#kept.newestKey = -1;
    this.#pass.start(); // nothing to send, but something to drop
  }

  /** @param headers the snapshot in force for this frame. */
  append(frame: Frame, headers: readonly Frame[]): void {
    this.#admit(frame, headers);
    const { minInterval, maxLag } = this.settings;
    if (minInterval === 0) return;
    this.#open.keepWithin(maxLag);
    this.#departure.pace(ms(minInterval));
  }

  #admit(frame: Frame, headers: readonly Frame[]): void {
    if (!selects(this.format, frame)) return;
    if (frame.kind === 'video' && frame.role === 'key' && this.settings.minInterval === 0) this.#closeBatch();
    this.#open.add(frame, headers);
    if (frame.kind === 'video' && (frame.role === 'key' || frame.role === 'inter')) this.#videoRunning = true;
  }

  /** The end of one read of the publisher's socket: without a merge window its frames leave now, together. */
  settle(): void {
    if (this.#open.isEmpty || this.settings.minInterval > 0) return;
    this.wakes++;
    this.#departure.within(this.#window());
  }

  #window(): Ms {
    if (this.settings.window !== undefined) return this.settings.window;
    return this.governor.window(this.settings.minLatency);
  }

  /** Closes the open batch and sends it. */
  flush(): void {
    this.#departure.left();
    this.#closeBatch();
    this.#pass.start();
  }

  /** The oldest frame becomes a batch of its own (`send_min_interval`). @returns false when there is none. */
  releaseOne(): boolean {
    if (this.#open.isEmpty) return false;
    const later = this.#open.partAfterFirst();
    this.#closeBatch();
    this.#open.refill(later);
    this.#pass.start();
    return true;
  }

  /** The merge timer runs on: a batch that a key frame closed leaves together with the next. */
  #closeBatch(): void {
    const { first, frames, headers, startsWithKey } = this.#open;
    if (first === undefined) return;
    const bytes = this.#open.encode();
    this.#open.clear();
    this.#keyWait.serve(frames, startsWithKey, this.#kept.head);
    this.format.closed?.();
    if (startsWithKey && this.settings.startFromCache) this.#kept.newestKey = this.#kept.head;
    this.#kept.push({ bytes, firstDts: first.dts, headers });
    this.bytesMade += bytes.length;
    this.#kept.enforce(this.settings.maxLag, this.settings.maxBytes);
  }

  // ---- the viewers' side

  /** Adds a viewer: preamble and the log from the newest key frame at once, or headers and audio until one comes. */
  join(viewer: Viewer, headers: readonly Frame[]): void {
    viewer.stalled = false;
    this.#attach(viewer);
    viewer.sink.cork();
    const start = this.#feeder.begin(viewer, headers);
    if (start === undefined) this.goOn(viewer);
    else this.#pass.joined(start);
    if (this.settings.minInterval === 0) this.#feeder.feedOpen(viewer);
    viewer.sink.uncork();
  }

  /** Sends the viewer all there is, the open batch too. @returns whether it has everything now. */
  settleFor(viewer: Viewer): boolean {
    this.flush();
    this.pump(viewer);
    return viewer.state === 'live' && viewer.position === this.#kept.head;
  }

  /**
   * Takes over a viewer from another log of the stream: it has its headers, and must not see time go back.
   * @param seamless it has everything until now, and the same selection: it goes on with the next frame.
   */
  enter(viewer: Viewer, seamless = false): void {
    this.#attach(viewer);
    if (viewer.state === 'paused') viewer.position = this.#kept.tail - 1;
    else if (seamless) this.#goLive(viewer);
    else this.goOn(viewer);
  }

  #attach(viewer: Viewer): void {
    viewer.log = this;
    viewer.index = this.viewers.length;
    this.viewers.push(viewer);
  }

  goOn(viewer: Viewer): void {
    if (this.#videoRunning) this.#keyWait.enter(viewer, this.#kept.head, this.#feeder.newestDts);
    else this.#goLive(viewer);
  }

  #goLive(viewer: Viewer): void {
    this.#keyWait.leave(viewer);
    viewer.state = 'live';
    viewer.position = this.#kept.head;
    viewer.offset = 0;
  }

  leave(viewer: Viewer): void {
    if (viewer.log !== this) return;
    this.#keyWait.leave(viewer);
    const last = this.viewers.pop();
    if (last !== undefined && last !== viewer) {
      this.viewers[viewer.index] = last;
      last.index = viewer.index;
      this.#pass.reordered();
    }
    viewer.log = undefined;
    viewer.index = -1;
  }

  /** Holds the position; the viewer may fall off the tail meanwhile, as a slow one does. */
  pause(viewer: Viewer): void {
    if (viewer.state === 'waiting') viewer.position = this.#kept.tail - 1; // it has no place to go on from
    this.#keyWait.leave(viewer);
    viewer.state = 'paused';
  }

  resume(viewer: Viewer): void {
    if (viewer.state !== 'paused') return;
    viewer.state = 'live';
    this.pump(viewer);
  }

  /** Sends what the viewer lacks, until its socket asks to wait. */
  pump(viewer: Viewer): void {
    this.#feeder.feed(viewer);
  }

  // ---- what is kept

  /** Number of the batch that comes next. */
  get head(): number {
    return this.#kept.head;
  }

  /** A pass has seen all viewers: drops what neither they nor newcomers need. */
  passed(slowest: number): void {
    this.#kept.trim(slowest);
  }

  /** How far behind the newest batch a viewer is, on the stream's clock. */
  lagOf(viewer: Viewer): Ms {
    const next = this.#kept.at(Math.max(this.#kept.tail, viewer.position));
    const { newest } = this.#kept;
    return ms(next === undefined || newest === undefined ? 0 : newest.firstDts - next.firstDts);
  }

  /** Whether the viewer's next batch is beyond the bound, so that it will jump as soon as it takes bytes again. */
  isBehind(viewer: Viewer): boolean {
    return viewer.state === 'live' && this.#kept.isLost(viewer.position);
  }

  get keptBytes(): number {
    return this.#kept.bytes;
  }
}
