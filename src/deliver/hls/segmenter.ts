import type { Frame } from '../../core/index.js';
import type { FrameConsumer } from '../../stream/index.js';
import { Interleaver } from '../interleaver.js';
import { type Cut, CutRule, OVER_LIMIT, SHORTEST } from './cut-rule.js';
import { OpenPiece, type Piece } from './open-piece.js';
import { Probe } from './probe.js';
import { type MediaKind, PublishTracks } from './publish-tracks.js';
import type { SegmenterRules } from './segmenter-rules.js';

/** The last frame of a publish is taken to last as long as the picture before it, at least and at most so long, ms. */
const LAST_FRAME = { least: 40, most: 1000 };
/** A step of the clock by so much more than the limit, ms, is no pause that a playlist could tell of. */
const LEAP = 10_000;
/** For so long after it, ms, there may still be frames from before. */
const STRAY = 2000;

/** Cuts a stream into pieces that players can be given one after another. */
export class Segmenter implements FrameConsumer {
  readonly #tracks: PublishTracks;
  readonly #piece = new OpenPiece();
  readonly #cuts: CutRule;
  /** The beginning of a publish; undefined once its tracks are known. */
  #probe: Probe | undefined = new Probe();
  #interleaver = new Interleaver();
  /** The latest time so far. */
  #last = 0;
  /** When the last picture of this publish was, and how long after the one before. */
  #pictureAt: number | undefined;
  #pictureStep = 0;
  /** Where the piece at hand, or one before it, began after a leap of the clock. */
  #landed: number | undefined;
  #discontinuity = false;
  /** There is a segment that the next publish differs from. */
  #emitted = false;
  #halted = false;
  /** Cuts without a key frame, because a segment would have become too long or too big. */
  forcedCuts = 0;

  /** @param complain about what a publish has that cannot be in a segment; once for each. */
  constructor(
    private readonly rules: SegmenterRules,
    private readonly emit: (piece: Piece) => void,
    complain: (codec: string, why: string) => void = () => undefined,
  ) {
    this.#tracks = new PublishTracks(rules, complain);
    this.#cuts = new CutRule(rules, this.#tracks, this.#piece);
  }

  /** Frames that were damaged. */
  get skipped(): number {
    return this.#piece.skipped;
  }

  /** What this publish has that cannot be in a segment, and why. */
  get leftOut(): ReadonlyMap<string, string> {
    return this.#tracks.leftOut;
  }

  /** Something of this publish, or the one before, is or may be in a segment. */
  get hasMedia(): boolean {
    return !this.#halted && (this.#probe === undefined || this.#probe.frames.length > 0);
  }

  /** @see FrameConsumer */
  onFrame(frame: Frame): void {
    if (this.#halted || !this.#tracks.admit(frame)) return;
    if (this.#probe === undefined) return this.#take(frame);
    const other = frame.kind === 'audio' ? 'video' : 'audio';
    const isEnough = this.#probe.add(frame, this.#tracks.isAnnounced(other)) || !this.rules.carries(other);
    if (isEnough || this.#tracks.hasBoth) this.#begin(this.#probe.frames);
  }

  /** The publisher left: what is there becomes the last segment of this publish. */
  finish(): void {
    this.#halted = false;
    this.#tracks.leftOut.clear();
    this.#end();
  }

  /** What comes until the publisher leaves is left out. */
  halt(): void {
    this.#halted = true;
    this.#end();
  }

  #begin(frames: readonly Frame[]): void {
    this.#probe = undefined;
    this.#cuts.reset();
    this.#interleaver = new Interleaver();
    this.#tracks.begin();
    // Not what it was: the clock of another stream of this name begins anew.
    this.#last = Math.min(...frames.map(({ dts }) => dts));
    this.#landed = this.#pictureAt = undefined;
    this.#pictureStep = 0;
    this.#open(this.#last, { isForced: false, isPartial: this.rules.isAligned() });
    for (const frame of frames) this.#take(frame);
  }

  #open(at: number, begun: { isForced: boolean; isPartial: boolean }): void {
    const configs = this.#tracks.takePending();
    this.#piece.open({ at, tracks: this.#tracks.seen, configs, countsSamples: this.rules.countsSamples(), ...begun });
  }

  #take(frame: Frame): void {
    const hasPictures = this.#piece.tracks.video !== undefined && this.#tracks.seen.video !== undefined;
    const turn = hasPictures ? this.#interleaver.push(frame) : [...this.#interleaver.flush(), frame];
    for (const next of turn) this.#place(next);
  }

  #place(frame: Frame): void {
    if (this.#halted) return;
    const { dts, codec } = frame;
    const kind = frame.kind as MediaKind;
    if (dts - this.#last > this.rules.limit() + LEAP) this.#leap(dts);
    else if (this.#isStray(dts)) return;
    const begins = frame.role === 'key' && !this.#tracks.isPending(kind) ? this.#piece.begins(frame) : undefined;
    if (begins === 'sequence') this.#tracks.hasChanged = true;
    const cut = begins === 'nothing' ? undefined : this.#cuts.cutBefore(frame);
    if (cut !== undefined) this.#cut(dts, cut);
    if (begins !== 'nothing') this.#cuts.see(frame);
    this.#last = Math.max(this.#last, dts);
    if (kind === 'video' && begins !== 'nothing') {
      this.#pictureStep = dts - (this.#pictureAt ?? dts);
      this.#pictureAt = dts;
    }
    // A track or configuration that this piece did not begin with waits for the next one.
    if (this.#piece.tracks[kind] !== codec || this.#tracks.isPending(kind)) return;
    if (this.#piece.write(frame) === 'damaged')
      this.#tracks.leaveOut(`${codec} frame`, 'damaged, or without its configuration');
  }

  /**
   * The encoder's clock went on elsewhere (`atc on`). No segment is as long as that, so what follows is another timeline.
   * It never goes back: the stream's own clock does not let it.
   */
  #leap(to: number): void {
    this.#closeRest();
    this.#discontinuity ||= this.#emitted;
    this.#open(to, { isForced: true, isPartial: this.rules.isAligned() });
    this.#landed = to;
  }

  /** The other track may be late to leap. If it stays where it was, it is written as it is. */
  #isStray(at: number): boolean {
    if (this.#landed === undefined || this.#last - this.#landed > STRAY) return false;
    return this.#landed - at > LEAP;
  }

  #cut(at: number, cut: Cut): void {
    if (cut === 'forced') this.forcedCuts++;
    this.#close(at - this.#piece.start);
    this.#discontinuity ||= this.#tracks.hasChanged;
    this.#tracks.hasChanged = false;
    this.#open(at, { isForced: cut === 'forced', isPartial: false });
  }

  #close(length: number): void {
    if (this.#piece.isPartial) return this.#piece.drop();
    const duration = Math.min(length, this.rules.limit() + OVER_LIMIT) / 1000;
    this.emit({ ...this.#piece.take(), duration, discontinuity: this.#discontinuity });
    this.#discontinuity = false;
    this.#emitted = true;
  }

  /** Nothing follows the last frame. */
  #closeRest(): void {
    const { least, most } = LAST_FRAME;
    const shown = (this.#pictureAt ?? 0) + Math.min(most, this.#pictureStep);
    const length = Math.max(this.#last + least, shown) - this.#piece.start;
    if (this.#piece.isWritten && length >= SHORTEST) this.#close(length);
    else this.#piece.drop();
  }

  #end(): void {
    if (this.#probe !== undefined && this.#probe.frames.length > 0) this.#begin(this.#probe.frames);
    if (this.#probe !== undefined) return;
    for (const frame of this.#interleaver.flush()) this.#place(frame);
    this.#closeRest();
    // Also when the rest was too short for a segment: what follows does not fit to what was listed before.
    this.#discontinuity = this.#emitted;
    this.#probe = new Probe();
    this.#tracks.reset();
  }
}
