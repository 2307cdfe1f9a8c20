import { type FrameKind, type Ms, ms } from '../core/index.js';

/** How the encoder's clock becomes the stream's clock (directives `time_jitter` and `atc`). */
export interface TimelineMode {
  /** The first frame of the stream is at 0; off keeps the encoder's own start. */
  readonly startAtZero: boolean;
  /** Forward leaps are closed; off keeps them. Backward leaps are always closed. */
  readonly repairLeaps: boolean;
}

/** A step back up to this far is reordering inside the encoder: the frame is held at the last time instead. */
const REORDER = 200;
/** A step ahead further than this, beyond the wall time that passed and beyond the other track, is a leap of the clock. */
const LEAP = 3000;
/** Two tracks leap together when their leaps differ by less than this: then they share one correction. */
const SAME_LEAP = 3000;
/** Step after a leap or a republish while a track's own frame interval is not known yet. */
const DEFAULT_STEP = 20;
const MAX_STEP = 1000;

class TrackClock {
  /** Last raw time, unwrapped from 32 bits; undefined before the first frame of this publish. */
  raw: number | undefined;
  /** Stream time = raw + shift. */
  shift = 0;
  lastOut = 0;
  step = DEFAULT_STEP;
  /** Where it was before it stepped back, until it has come there again. */
  before: { readonly raw: number; readonly shift: number } | undefined;
}

/**
 * One clock per stream: out-times never decrease within a track, whatever encoders do (reliability R4, R5, R10).
 * Wrap-around of the 32-bit wire time is undone here; inside the server time never wraps.
 * A/V offset is kept: when both tracks leap, they are moved by the same amount.
 */
export class Timeline {
  #mode: TimelineMode;
  readonly #tracks = { audio: new TrackClock(), video: new TrackClock() };
  #started = false;
  #fresh = true;
  #freshShift = 0;
  #last = 0;
  #lastArrival = 0;
  /** The correction that the latest leap needed, for the other track to share. */
  #leap: { readonly by: number; readonly arrival: number; readonly track: TrackClock } | undefined;

  constructor(mode: TimelineMode) {
    this.#mode = mode;
  }

  setMode(mode: TimelineMode): void {
    this.#mode = mode;
  }

  /** The newest time given out. */
  get last(): Ms {
    return ms(this.#last);
  }

  /** The next frame comes from another publish: its clock has nothing to do with the former one. */
  beginPublish(): void {
    this.#leap = undefined;
    for (const track of [this.#tracks.audio, this.#tracks.video]) track.raw = track.before = undefined;
    this.#fresh = true;
  }

  /**
   * @param wire the message's 32-bit timestamp. @param arrival when it came, monotonic ms.
   * @returns the frame's time on the stream's clock.
   */
  stamp(kind: Exclude<FrameKind, 'data'>, wire: number, arrival: number): Ms {
    const track = this.#tracks[kind];
    const before = track.raw;
    if (before === undefined) this.#join(track, kind, wire);
    else {
      // The signed 32-bit difference undoes the wrap in either direction.
      const moved = (wire - before) | 0;
      track.raw = before + moved;
      this.#follow(track, moved, arrival);
    }
    let out = (track.raw ?? 0) + track.shift;
    if (out < track.lastOut) out = track.lastOut;
    track.lastOut = out;
    if (out > this.#last) this.#last = out;
    this.#lastArrival = arrival;
    return ms(out);
  }

  /** First frame of a track in this publish: it takes the clock that the other track has, or founds it. */
  #join(track: TrackClock, kind: 'audio' | 'video', wire: number): void {
    const other = kind === 'audio' ? this.#tracks.video : this.#tracks.audio;
    if (this.#fresh) {
      this.#fresh = false;
      if (!this.#started) this.#freshShift = this.#mode.startAtZero ? -wire : 0;
      else if (!this.#mode.startAtZero && wire > this.#last) this.#freshShift = 0;
      else this.#freshShift = this.#last + DEFAULT_STEP - wire;
      this.#started = true;
      track.raw = wire;
      track.shift = this.#freshShift;
      return;
    }
    // Relative to the other track, so that a wrap between the two first frames does not part them.
    const reference = other.raw ?? wire;
    track.raw = reference + ((wire - reference) | 0);
    track.shift = other.raw === undefined ? this.#freshShift : other.shift;
    if (this.#mode.repairLeaps && Math.abs(track.raw + track.shift - this.#last) > 10 * LEAP)
      track.shift = this.#last - track.raw; // two tracks on unrelated clocks: start them together
  }

  #follow(track: TrackClock, moved: number, arrival: number): void {
    const isBack = this.#undo(track, moved);
    if (moved >= -REORDER && !this.#leapsAhead(track, moved, arrival)) {
      if (moved > 0 && moved <= MAX_STEP && !isBack) track.step = moved;
      return; // a track that was held catches up by itself
    }
    const shared = this.#leap;
    const { raw = 0, shift } = track;
    if (moved < 0) track.before ??= { raw: raw - moved, shift };
    const ownShift = track.lastOut + track.step - raw;
    const by = ownShift - track.shift;
    const together =
      shared !== undefined &&
      shared.track !== track &&
      Math.abs(by - shared.by) < SAME_LEAP &&
      arrival - shared.arrival < 10 * LEAP;
    if (together) {
      track.shift += shared.by;
      this.#leap = undefined;
    } else {
      track.shift = ownShift;
      this.#leap = { by, arrival, track };
    }
  }

  /**
   * A step back that one step ahead makes good was no leap of the clock: the frames between came with times out of order, as
   * drones send them. Their correction must not stay: each would part sound and picture further.
   * @returns whether the track is where it was.
   */
  #undo(track: TrackClock, moved: number): boolean {
    const { before, raw = 0 } = track;
    if (before === undefined || raw < before.raw) return false;
    track.before = undefined;
    if (moved <= track.step + REORDER) return false;
    track.shift = before.shift;
    if (this.#leap?.track === track) this.#leap = undefined;
    return true;
  }

  /** A track that was silent while the other went on, or while nothing came at all, has stepped far and not leapt. */
  #leapsAhead(track: TrackClock, moved: number, arrival: number): boolean {
    if (!this.#mode.repairLeaps || moved <= LEAP) return false;
    const slept = arrival - this.#lastArrival;
    return (track.raw ?? 0) + track.shift > this.#last + slept + LEAP;
  }
}

/** `full` and `zero` mean the same repaired clock that starts at 0; `off` and atc keep the encoder's clock. */
export function timelineMode(settings: { timeJitter: 'full' | 'zero' | 'off'; atc: boolean }): TimelineMode {
  const own = settings.atc || settings.timeJitter === 'off';
  return { startAtZero: !own, repairLeaps: !own };
}
