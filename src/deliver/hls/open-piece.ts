import type { Frame } from '../../core/index.js';
import { FrameMuxer, type TrackConfig, type Tracks, type Written } from '../../protocol/mpegts/index.js';

/** A finished piece of a stream that can be played alone. */
export interface Piece {
  readonly bytes: Buffer;
  /** Where it begins on the stream's clock, ms. */
  readonly start: number;
  /** Seconds. */
  readonly duration: number;
  readonly discontinuity: boolean;
  /** Its first picture is a key frame, or it has no place for pictures: players can begin with it. */
  readonly independent: boolean;
}

/** How a piece begins. */
interface Opening {
  /** On the stream's clock, ms. */
  readonly at: number;
  readonly tracks: Tracks;
  /** How the tracks are coded from here on; what is not named stays. */
  readonly configs: readonly TrackConfig[];
  readonly countsSamples: boolean;
  /** With a cut without a key frame. */
  readonly isForced: boolean;
  /** Anywhere, while pieces shall begin at fixed places: it is not to be emitted. */
  readonly isPartial: boolean;
}

/** The piece that is being written. */
export class OpenPiece {
  readonly #muxer = new FrameMuxer();
  #tracks: Tracks = { video: undefined, audio: undefined };
  #start = 0;
  #isForced = false;
  #isPartial = false;
  #isWritten = false;
  /** Whether its first picture is a key frame; undefined: there is none yet. */
  #keyFirst: boolean | undefined;
  #shownFrom: number | undefined;

  get start(): number {
    return this.#start;
  }

  get tracks(): Tracks {
    return this.#tracks;
  }

  get isForced(): boolean {
    return this.#isForced;
  }

  get isPartial(): boolean {
    return this.#isPartial;
  }

  /** There is a frame in it. */
  get isWritten(): boolean {
    return this.#isWritten;
  }

  get beginsWithKey(): boolean {
    return this.#keyFirst === true;
  }

  /** When its first picture is shown, on the stream's clock in ms, if it is a key frame. */
  get shownFrom(): number | undefined {
    return this.#shownFrom;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#muxer.length;
  }

  /** Frames that were damaged, in all pieces. */
  get skipped(): number {
    return this.#muxer.skipped;
  }

  /** The piece before was taken or dropped. */
  open({ at, tracks, configs, countsSamples, isForced, isPartial }: Opening): void {
    for (const config of configs) this.#muxer.configure(config);
    this.#muxer.countsSamples = countsSamples;
    this.#muxer.begin(tracks);
    this.#tracks = tracks;
    this.#start = at;
    this.#isForced = isForced;
    this.#isPartial = isPartial;
    this.#isWritten = false;
    this.#keyFirst = undefined;
    this.#shownFrom = undefined;
  }

  /** What a key frame begins: see `FrameMuxer.begins`. */
  begins(key: Frame): 'nothing' | 'group' | 'sequence' {
    return this.#muxer.begins(key);
  }

  write(frame: Frame): Written {
    const done = this.#muxer.write(frame);
    if (done !== 'written') return done;
    this.#isWritten = true;
    if (frame.kind === 'video' && this.#keyFirst === undefined) {
      this.#keyFirst = frame.role === 'key';
      if (this.#keyFirst) this.#shownFrom = frame.dts + frame.cts;
    }
    return done;
  }

  take(): Pick<Piece, 'bytes' | 'start' | 'independent'> {
    return {
      bytes: this.#muxer.take(),
      start: this.#start,
      independent: this.#tracks.video === undefined || this.beginsWithKey,
    };
  }

  drop(): void {
    this.#muxer.drop();
  }
}
