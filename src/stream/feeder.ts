import type { Frame, Ms } from '../core/index.js';
import type { BatchQueue } from './batch-queue.js';
import type { OpenBatch } from './open-batch.js';
import type { Viewer } from './viewer.js';
import { encodeFrames, selects, type WireFormat } from './wire-format.js';

/** Where a newcomer starts: a batch that begins with a key frame. */
interface Start {
  readonly seq: number;
  readonly headers: readonly Frame[];
  readonly firstDts: Ms;
}

/** What a log keeps, and what its feeder asks of it. */
export interface FeederLog {
  readonly format: WireFormat;
  /** Newcomers start at the newest key frame of the past. */
  readonly startsFromCache: boolean;
  /** The viewer goes on with the next batch, or waits for the key frame when a picture is under way. */
  goOn(viewer: Viewer): void;
}

/** Brings one viewer from its place to the head of the log: all that is written to a viewer that does not wait. */
export class Feeder {
  constructor(
    private readonly log: FeederLog,
    private readonly kept: BatchQueue,
    private readonly open: OpenBatch,
  ) {}

  /** Time of the next byte of the log. */
  get newestDts(): Ms {
    return this.open.first?.dts ?? this.kept.newestDts;
  }

  /**
   * First bytes of a newcomer: headers and the log from the newest key frame, if one is at hand, else headers alone.
   * @param headers in force now.
   * @returns the batch that it started at; undefined: there is none, the caller finds it a place.
   */
  begin(viewer: Viewer, headers: readonly Frame[]): number | undefined {
    const start = this.#start();
    this.#writePreamble(viewer, start ?? { headers, firstDts: this.newestDts }, start !== undefined);
    if (start === undefined) return undefined;
    viewer.state = 'live';
    viewer.position = start.seq;
    viewer.offset = 0;
    this.#catchUp(viewer);
    return start.seq;
  }

  /** The open batch as far as it goes: the newcomer must not wait for the merge window. */
  feedOpen(viewer: Viewer): void {
    if (this.open.isEmpty || viewer.position !== this.kept.head || !viewer.ready) return;
    const bytes = this.open.encode();
    viewer.offset = bytes.length;
    this.#write(viewer, bytes);
  }

  /** Sends what the viewer lacks, until its socket asks to wait. */
  feed(viewer: Viewer): void {
    if (!viewer.ready) return;
    const { kept } = this;
    if (kept.isLost(viewer.position)) this.#skip(viewer);
    const missing = kept.head - viewer.position;
    if (missing === 1 && !viewer.lacksHeaders) this.#sendNext(viewer);
    else if (missing === 2 && viewer.offset === 0 && !viewer.lacksHeaders) this.#sendPair(viewer);
    else if (missing > 0) {
      viewer.sink.cork();
      this.#catchUp(viewer);
      viewer.sink.uncork();
    }
    if (viewer.behind && viewer.position === kept.head) viewer.behind = false;
  }

  #catchUp(viewer: Viewer): void {
    while (viewer.position < this.kept.head && viewer.ready) this.#sendNext(viewer);
  }

  #sendNext(viewer: Viewer): void {
    const batch = this.kept.at(viewer.position);
    if (batch === undefined) return;
    if (viewer.lacksHeaders) {
      this.#writePreamble(viewer, batch, true);
      if (!viewer.ready) return;
    }
    const bytes = viewer.offset === 0 ? batch.bytes : batch.bytes.subarray(viewer.offset);
    viewer.offset = 0;
    viewer.position++;
    this.#write(viewer, bytes);
  }

  /** What a key frame has parted in the middle of a merge window: one write like any other. */
  #sendPair(viewer: Viewer): void {
    const bytes = this.kept.pairFrom(viewer.position);
    viewer.position += 2;
    this.#write(viewer, bytes);
  }

  /** Fell off the tail: on to the newest key frame, or wait for the next. Counted once per episode. */
  #skip(viewer: Viewer): void {
    const { kept } = this;
    viewer.drops++;
    viewer.noteBehind();
    const start = this.#start();
    // A key frame that is not ahead of the viewer is no way out: that GOP alone is longer than the bound.
    if (start === undefined || start.seq < viewer.position || start.seq < kept.lagFloor) {
      viewer.lacksHeaders = true; // they may have changed in what it missed
      return this.log.goOn(viewer);
    }
    this.#writePreamble(viewer, start, true);
    viewer.position = start.seq;
    viewer.offset = 0;
  }

  /** @returns where a newcomer starts: the newest key frame, if it is at hand. */
  #start(): Start | undefined {
    const { kept, open } = this;
    if (open.startsWithKey && this.log.startsFromCache)
      return { seq: kept.head, headers: open.headers, firstDts: this.newestDts };
    const key = kept.newestKey < 0 ? undefined : kept.at(kept.newestKey);
    return key && { seq: kept.newestKey, headers: key.headers, firstDts: key.firstDts };
  }

  #writePreamble(viewer: Viewer, start: Pick<Start, 'headers' | 'firstDts'>, atKey: boolean): void {
    viewer.lacksHeaders = false;
    const { format } = this.log;
    this.#write(viewer, format.preamble?.(atKey) ?? encodeFrames(format, headerFrames(format, start)));
  }

  #write(viewer: Viewer, bytes: Buffer): void {
    if (bytes.length > 0) viewer.write(bytes);
  }
}

/** The headers at the time of the first frame that follows; metadata keeps its own. */
function headerFrames(format: WireFormat, { headers, firstDts }: Pick<Start, 'headers' | 'firstDts'>): Frame[] {
  return headers
    .filter((header) => selects(format, header))
    .map((header) => (header.kind === 'data' ? header : { ...header, dts: firstDts }));
}
