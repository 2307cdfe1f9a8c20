import type { Frame, Ms } from '../../core/index.js';
import { SrsError } from '../../kernel/index.js';
import { FrameMuxer, type Tracks } from '../../protocol/mpegts/index.js';
import type { FrameConsumer } from '../../stream/index.js';

/** A finished piece of a stream that can be played alone. */
export interface Piece {
  readonly bytes: Buffer;
  /** Seconds. */
  readonly duration: number;
  readonly discontinuity: boolean;
}

export interface SegmenterRules {
  /** Video is cut at the first key frame after so long, audio alone at once. */
  fragment(): Ms;
  /** The announced target duration; no segment, rounded to whole seconds, may be longer (RFC 8216 §4.3.3.1). */
  target(): Ms;
}

/** Audio and video are waited for together for so much of the stream; what comes later joins at a key frame. */
const PROBE = 1000;
/** A shorter rest of a publish is not worth a segment. */
const SHORTEST = 100;
/** What the last frame of a publish is taken to last. */
const LAST_FRAME = 40;
/** Rounds down to the target still. Groups of 60 pictures at 29.97/s are 2.002 s: they must not be cut in front of their end. */
const OVER_TARGET = 499;
/** How far over the target a cut is forced: the frame that causes it must fit below OVER_TARGET. */
const FORCED_OVER_TARGET = 400;

/** Decides where a stream is cut (hls.md §3), and has the pieces written. */
export class Segmenter implements FrameConsumer {
  readonly #muxer = new FrameMuxer();
  #probing: Frame[] | undefined = [];
  #tracks: Tracks = { video: undefined, audio: undefined };
  /** What the publish has shown of itself so far. */
  #seen: { video: Tracks['video']; audio: Tracks['audio'] } = { video: undefined, audio: undefined };
  readonly #configs = new Map<string, Buffer>();
  #start = 0;
  #last = 0;
  #written = false;
  #discontinuity = false;
  /** There is a segment that the next publish differs from. */
  #emitted = false;
  /** Another configuration or another track: the next key frame begins a segment whatever its time. */
  #changed = false;
  /** Cuts without a key frame, because the announced target would have been exceeded. */
  forcedCuts = 0;
  /** Codecs that are left out, so that each is complained of once. */
  readonly #unsupported = new Set<string>();

  constructor(
    private readonly rules: SegmenterRules,
    private readonly emit: (piece: Piece) => void,
    private readonly complain: (codec: string, why: string) => void = () => undefined,
  ) {}

  get skipped(): number {
    return this.#muxer.skipped;
  }

  onFrame(frame: Frame): void {
    if (frame.kind === 'data' || frame.role === 'end' || frame.role === 'meta') return;
    const track = FrameMuxer.trackOf(frame);
    if (track === undefined) {
      if (frame.track === 0) this.#leaveOut(frame.codec, 'not a codec of HLS segments');
      return;
    }
    if (frame.role === 'config') return this.#configure(frame);
    if (frame.kind === 'video') this.#see('video', track as Tracks['video']);
    else this.#see('audio', track as Tracks['audio']);
    if (this.#probing === undefined) return this.#take(frame);
    this.#probing.push(frame);
    const first = this.#probing[0] ?? frame;
    if ((this.#seen.video && this.#seen.audio) || frame.dts - first.dts >= PROBE) this.#begin();
  }

  #configure(frame: Frame): void {
    const { kind, codec, payload } = frame;
    const before = this.#configs.get(kind);
    if (before?.equals(payload) === true) return;
    try {
      this.#muxer.configure(frame);
    } catch (error) {
      if (!(error instanceof SrsError)) throw error;
      this.#leaveOut(codec, error.message);
      return;
    }
    this.#configs.set(kind, Buffer.from(payload));
    const track = FrameMuxer.trackOf(frame);
    if (kind === 'video') this.#see('video', track as Tracks['video']);
    else this.#see('audio', track as Tracks['audio']);
    if (before !== undefined && this.#probing === undefined) this.#changed = true;
  }

  #leaveOut(codec: string, why: string): void {
    if (this.#unsupported.has(codec)) return;
    this.#unsupported.add(codec);
    this.complain(codec, why);
  }

  #see<K extends 'video' | 'audio'>(kind: K, track: Tracks[K]): void {
    if (this.#seen[kind] === track) return;
    this.#seen = { ...this.#seen, [kind]: track };
    if (this.#probing === undefined) this.#changed = true;
  }

  #begin(): void {
    const frames = this.#probing ?? [];
    this.#probing = undefined;
    this.#open(frames[0]?.dts ?? 0);
    for (const frame of frames) this.#take(frame);
  }

  #open(at: number): void {
    this.#tracks = { ...this.#seen };
    this.#muxer.begin(this.#tracks);
    this.#start = at;
    this.#written = false;
  }

  #take(frame: Frame): void {
    const { dts, kind } = frame;
    if (this.#isCut(frame)) this.#cut(dts);
    this.#last = Math.max(this.#last, dts);
    // A track that this segment did not announce waits for the next one.
    if (this.#tracks[kind as 'audio' | 'video'] !== frame.codec) return;
    if (this.#muxer.write(frame)) this.#written = true;
  }

  #isCut({ kind, role, dts }: Frame): boolean {
    if (!this.#written) return false;
    const length = dts - this.#start;
    const fragment = Math.min(this.rules.fragment(), this.rules.target());
    if (kind === 'video' && role === 'key') return this.#changed || length >= fragment;
    const hasVideo = this.#tracks.video !== undefined;
    const audioAlone = !hasVideo && this.#seen.video === undefined;
    if (audioAlone && (this.#changed || length >= fragment)) return true;
    if (length < this.rules.target() + FORCED_OVER_TARGET) return false;
    if (hasVideo) this.forcedCuts++;
    return true;
  }

  #cut(at: number): void {
    this.#close(at - this.#start);
    this.#discontinuity ||= this.#changed;
    this.#changed = false;
    this.#open(at);
  }

  #close(length: number): void {
    const bytes = this.#muxer.take();
    this.emit({
      bytes,
      duration: Math.min(length, this.rules.target() + OVER_TARGET) / 1000,
      discontinuity: this.#discontinuity,
    });
    this.#discontinuity = false;
    this.#emitted = true;
  }

  /** The publisher left: what is there becomes the last segment of this publish. */
  finish(): void {
    if (this.#probing !== undefined && this.#probing.length > 0) this.#begin();
    if (this.#probing !== undefined) return;
    const length = this.#last + LAST_FRAME - this.#start;
    if (this.#written && length >= SHORTEST) this.#close(length);
    else this.#muxer.take();
    // Also when the rest was too short for a segment: what follows does not fit to what was listed before.
    this.#discontinuity = this.#emitted;
    this.#probing = [];
    this.#seen = { video: undefined, audio: undefined };
    this.#configs.clear();
    this.#changed = false;
  }
}
