import type { Frame } from '../../core/index.js';
import { SrsError } from '../../kernel/index.js';
import { FrameMuxer, type TrackConfig, type Tracks } from '../../protocol/mpegts/index.js';
import type { FrameConsumer } from '../../stream/index.js';
import { Interleaver } from '../interleaver.js';
import { Groups } from './groups.js';

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

/** Times in ms on the stream's clock. */
export interface SegmenterRules {
  /** Whether a segment that began at `start` is long enough at `at`. */
  isDue(start: number, at: number): boolean;
  /** After so long a segment is cut without a key frame; at most the announced target duration. */
  limit(): number;
  /** Pieces begin at the same places whenever the stream was joined: what comes before the first of them is left out. */
  isAligned(): boolean;
  /** Pieces begin with key frames, where there are some. */
  waitsForKey(): boolean;
  /** A longer piece is cut, whatever its duration. */
  maxBytes(): number;
  /** Whether sound, or pictures, are wanted. */
  carries(kind: 'audio' | 'video'): boolean;
  /** Times of sound are counted by samples. */
  countsSamples(): boolean;
}

/** Of an empty message, as Flash sends it for silence: nothing is left out. */
const NO_CODEC = 'none';

type Kind = 'audio' | 'video';

/** Audio and video are waited for together for so much of the stream; what comes later joins at a key frame. */
const PROBE = 1000;
/** The same where the clock stands still. */
const PROBE_BYTES = 4 * 2 ** 20;
/** A shorter rest of a publish is not worth a segment. */
const SHORTEST = 100;
/** What the last frame of a publish is taken to last. */
const LAST_FRAME = 40;
/** Rounds down to the target still. Groups of 60 pictures at 29.97/s are 2.002 s: they must not be cut in front of their end. */
const OVER_LIMIT = 499;
/** How far over the limit a cut is forced: the frame that causes it must fit below OVER_LIMIT. */
const FORCED_OVER_LIMIT = 400;

/** A step of the clock by so much more than the limit, ms, is no pause that a playlist could tell of. */
const LEAP = 10_000;
/** For so long after it, ms, there may still be frames from before. */
const STRAY = 2000;

/** Decides where a stream is cut (spec/hls.md §3), and has the pieces written. */
export class Segmenter implements FrameConsumer {
  readonly #muxer = new FrameMuxer();
  #probing: Frame[] | undefined = [];
  #probed = 0;
  #tracks: Tracks = { video: undefined, audio: undefined };
  /** What the publish has shown of itself so far. */
  #seen: { video: Tracks['video']; audio: Tracks['audio'] } = { video: undefined, audio: undefined };
  readonly #configs = new Map<Kind, Buffer>();
  /** Configurations that count from the next segment on; frames that need them wait for it. */
  readonly #pending = new Map<Kind, TrackConfig>();
  readonly #carried = { audio: true, video: true };
  /** Codecs whose configuration can not be read: left out like those that have no place here. */
  readonly #unreadable = new Set<Frame['codec']>();
  #interleaver = new Interleaver();
  #groups = new Groups();
  #start = 0;
  #last = 0;
  #written = false;
  /** Whether the first picture of the piece at hand is a key frame; undefined: there is none yet. */
  #keyFirst: boolean | undefined;
  /** The piece at hand began with a cut without a key frame. */
  #forced = false;
  #discontinuity = false;
  /** There is a segment that the next publish differs from. */
  #emitted = false;
  /** Another configuration or another track: the next key frame begins a segment whatever its time. */
  #changed = false;
  /** Where the piece at hand began, if the clock leapt there. */
  #landed: number | undefined;
  /** The piece at hand began anywhere, while pieces shall begin at fixed places. */
  #partial = false;
  #halted = false;
  /** Cuts without a key frame, because a segment would have become too long or too big. */
  forcedCuts = 0;
  /** What this publish has that can not be in a segment, and why; complained of once. */
  readonly leftOut = new Map<string, string>();

  constructor(
    private readonly rules: SegmenterRules,
    private readonly emit: (piece: Piece) => void,
    private readonly complain: (codec: string, why: string) => void = () => undefined,
  ) {}

  get skipped(): number {
    return this.#muxer.skipped;
  }

  onFrame(frame: Frame): void {
    if (this.#halted || frame.kind === 'data' || frame.role === 'end' || frame.role === 'meta') return;
    const track = FrameMuxer.trackOf(frame);
    if (track === undefined) {
      if (frame.track === 0 && frame.codec !== NO_CODEC) this.#leaveOut(frame.codec, 'not a codec of HLS segments');
      return;
    }
    const carried = this.rules.carries(frame.kind);
    if (carried !== this.#carried[frame.kind]) this.#carry(frame.kind, carried);
    if (frame.role === 'config') return this.#configure(frame);
    if (!carried || this.#unreadable.has(frame.codec)) return;
    this.#see(frame.kind, track);
    if (this.#probing === undefined) return this.#take(frame);
    this.#probing.push(frame);
    this.#probed += frame.payload.length;
    const first = this.#probing[0] ?? frame;
    const isEnough = frame.dts - first.dts >= PROBE || this.#probed > PROBE_BYTES;
    if ((this.#seen.video && this.#seen.audio) || isEnough) this.#begin();
  }

  #carry(kind: Kind, carried: boolean): void {
    this.#carried[kind] = carried;
    if (!carried) this.#see(kind, undefined);
  }

  #configure(frame: Frame): void {
    const { codec, payload } = frame;
    const kind = frame.kind as Kind;
    if (this.#configs.get(kind)?.equals(payload) === true) return;
    try {
      const read = FrameMuxer.read(frame);
      if (read !== undefined) this.#pending.set(kind, read);
    } catch (error) {
      if (!(error instanceof SrsError)) throw error;
      this.#unreadable.add(codec);
      this.#configs.delete(kind);
      this.#see(kind, undefined);
      this.#leaveOut(codec, error.message);
      return;
    }
    this.#unreadable.delete(codec);
    const isAnother = this.#configs.has(kind);
    this.#configs.set(kind, Buffer.from(payload));
    if (!this.#carried[kind]) return;
    this.#see(kind, FrameMuxer.trackOf(frame));
    if (isAnother && this.#probing === undefined) this.#changed = true;
  }

  #leaveOut(codec: string, why: string): void {
    if (this.leftOut.has(codec)) return;
    this.leftOut.set(codec, why);
    this.complain(codec, why);
  }

  #see(kind: Kind, track: Tracks['video'] | Tracks['audio']): void {
    if (this.#seen[kind] === track) return;
    this.#seen = { ...this.#seen, [kind]: track };
    if (this.#probing === undefined) this.#changed = true;
  }

  #begin(): void {
    const frames = this.#probing ?? [];
    this.#probing = undefined;
    this.#probed = 0;
    this.#partial = this.rules.isAligned();
    this.#groups = new Groups();
    this.#interleaver = new Interleaver();
    // Not what it was: the clock of another stream of this name begins anew.
    this.#last = Math.min(...frames.map(({ dts }) => dts));
    this.#landed = undefined;
    this.#open(this.#last);
    for (const frame of frames) this.#take(frame);
  }

  #open(at: number): void {
    for (const config of this.#pending.values()) this.#muxer.configure(config);
    this.#pending.clear();
    this.#muxer.countsSamples = this.rules.countsSamples();
    this.#tracks = { ...this.#seen };
    this.#muxer.begin(this.#tracks);
    this.#start = at;
    this.#written = false;
    this.#keyFirst = undefined;
    this.#forced = false;
  }

  #take(frame: Frame): void {
    const hasPictures = this.#tracks.video !== undefined && this.#seen.video !== undefined;
    const turn = hasPictures ? this.#interleaver.push(frame) : [...this.#interleaver.flush(), frame];
    for (const next of turn) this.#place(next);
  }

  #place(frame: Frame): void {
    if (this.#halted) return;
    const { dts, codec } = frame;
    const kind = frame.kind as Kind;
    if (dts - this.#last > this.rules.limit() + LEAP) this.#leap(dts);
    else if (this.#isStray(dts)) return;
    const begins = frame.role === 'key' && !this.#pending.has(kind) ? this.#muxer.begins(frame) : undefined;
    if (begins === 'sequence') this.#changed = true;
    const cut = begins === 'nothing' ? undefined : this.#cutAt(frame);
    if (cut !== undefined) this.#cut(dts, cut);
    if (begins !== 'nothing') this.#groups.see(frame);
    this.#last = Math.max(this.#last, dts);
    // A track or configuration that this segment did not begin with waits for the next one.
    if (this.#tracks[kind] !== codec || this.#pending.has(kind)) return;
    const done = this.#muxer.write(frame);
    if (done === 'written') this.#wrote(frame);
    else if (done === 'damaged') this.#leaveOut(`${codec} frame`, 'damaged, or without its configuration');
  }

  #wrote({ kind, role }: Frame): void {
    this.#written = true;
    if (kind === 'video') this.#keyFirst ??= role === 'key';
  }

  #cutAt({ kind, role, dts }: Frame): 'wanted' | 'forced' | undefined {
    if (!this.#written || dts < this.#start) return undefined;
    const isDue = this.rules.isDue(this.#start, dts);
    if (kind === 'video' && role === 'key')
      return this.#changed || isDue || this.#isRepaired(dts) ? 'wanted' : undefined;
    const hasVideo = this.#tracks.video !== undefined;
    const audioAlone = !hasVideo && this.#seen.video === undefined;
    if (audioAlone && (this.#changed || isDue)) return 'wanted';
    if (isDue && kind === 'video' && !this.rules.waitsForKey()) return 'wanted';
    if (!this.#isTooLong(dts) && this.#muxer.length < this.rules.maxBytes()) return undefined;
    if (hasVideo) this.forcedCuts++;
    return hasVideo ? 'forced' : 'wanted';
  }

  #isTooLong(at: number): boolean {
    const most = this.rules.limit() + FORCED_OVER_LIMIT;
    if (at - this.#start >= most) return true;
    // On the grid each cut takes a number.
    if (this.rules.isAligned()) return false;
    const end = this.#groups.partEnd(this.#start, most);
    return end !== undefined && at >= end;
  }

  /**
   * After a forced cut a key frame begins a piece whatever its time: else every piece from there on could begin, and be
   * cut, in the middle of a group. Not on the grid, where it would take a number.
   */
  #isRepaired(at: number): boolean {
    return this.#forced && this.#keyFirst !== true && at - this.#start >= SHORTEST && !this.rules.isAligned();
  }

  /**
   * The encoder's clock went on elsewhere (`atc on`). No segment is as long as that, so what follows is another timeline.
   * It never goes back: the stream's own clock does not let it.
   */
  #leap(to: number): void {
    this.#closeRest();
    this.#discontinuity ||= this.#emitted;
    this.#partial = this.rules.isAligned();
    this.#open(to);
    this.#forced = true;
    this.#landed = to;
  }

  /** The other track may be late to leap. If it stays where it was, it is written as it is. */
  #isStray(at: number): boolean {
    if (this.#landed === undefined || this.#last - this.#landed > STRAY) return false;
    return this.#landed - at > LEAP;
  }

  #cut(at: number, kind: 'wanted' | 'forced'): void {
    this.#close(at - this.#start);
    this.#discontinuity ||= this.#changed;
    this.#changed = false;
    this.#open(at);
    this.#forced = kind === 'forced';
  }

  #close(length: number): void {
    if (this.#partial) {
      this.#partial = false;
      this.#muxer.drop();
      return;
    }
    this.emit({
      bytes: this.#muxer.take(),
      start: this.#start,
      duration: Math.min(length, this.rules.limit() + OVER_LIMIT) / 1000,
      discontinuity: this.#discontinuity,
      independent: this.#tracks.video === undefined || this.#keyFirst === true,
    });
    this.#discontinuity = false;
    this.#emitted = true;
  }

  /** Nothing follows the last frame. */
  #closeRest(): void {
    const length = this.#last + LAST_FRAME - this.#start;
    if (this.#written && length >= SHORTEST) this.#close(length);
    else this.#muxer.drop();
  }

  /** The publisher left: what is there becomes the last segment of this publish. */
  finish(): void {
    this.#halted = false;
    this.leftOut.clear();
    this.#end();
  }

  /** What comes until the publisher leaves is left out. */
  halt(): void {
    this.#halted = true;
    this.#end();
  }

  #end(): void {
    if (this.#probing !== undefined && this.#probing.length > 0) this.#begin();
    if (this.#probing !== undefined) return;
    for (const frame of this.#interleaver.flush()) this.#place(frame);
    this.#closeRest();
    // Also when the rest was too short for a segment: what follows does not fit to what was listed before.
    this.#discontinuity = this.#emitted;
    this.#probing = [];
    this.#seen = { video: undefined, audio: undefined };
    this.#configs.clear();
    this.#pending.clear();
    this.#unreadable.clear();
    this.#changed = false;
    this.#partial = false;
  }
}
