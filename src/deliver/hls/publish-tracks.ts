import type { Frame } from '../../core/index.js';
import { SrsError } from '../../kernel/index.js';
import { FrameMuxer, type TrackConfig, type Tracks } from '../../protocol/mpegts/index.js';
import type { SegmenterRules } from './segmenter-rules.js';

/** Of an empty message, as Flash sends it for silence: nothing is left out. */
const NO_CODEC = 'none';

export type MediaKind = 'audio' | 'video';

/** What a publish has shown of itself so far: its tracks, how they are coded, and what cannot be in a segment. */
export class PublishTracks {
  #seen: Tracks = { video: undefined, audio: undefined };
  readonly #configs = new Map<MediaKind, Buffer>();
  /** Configurations that count from the next piece on. */
  readonly #pending = new Map<MediaKind, TrackConfig>();
  readonly #carried = { audio: true, video: true };
  #hasBegun = false;
  /** Codecs whose configuration cannot be read: left out like those that have no place here. */
  readonly #unreadable = new Set<Frame['codec']>();
  /** Another track, configuration or sequence of pictures: the next key frame begins a piece whatever its time. */
  hasChanged = false;
  /** What cannot be in a segment, and why; complained of once. */
  readonly leftOut = new Map<string, string>();

  constructor(
    private readonly rules: Pick<SegmenterRules, 'carries'>,
    private readonly complain: (codec: string, why: string) => void,
  ) {}

  get seen(): Tracks {
    return this.#seen;
  }

  get hasBoth(): boolean {
    return this.#seen.video !== undefined && this.#seen.audio !== undefined;
  }

  /** The kind has sent its configuration, so frames of it may follow. */
  isAnnounced(kind: MediaKind): boolean {
    return this.#configs.has(kind);
  }

  /** The first piece begins: its tracks are those that have sent frames. */
  begin(): void {
    this.#hasBegun = true;
    this.hasChanged = false;
  }

  /** Learns from the next frame. @returns whether it is to be written. */
  admit(frame: Frame): boolean {
    if (frame.kind === 'data' || frame.role === 'end' || frame.role === 'meta') return false;
    const track = FrameMuxer.trackOf(frame);
    if (track === undefined) {
      if (frame.track === 0 && frame.codec !== NO_CODEC) this.leaveOut(frame.codec, 'not a codec of HLS segments');
      return false;
    }
    const carried = this.rules.carries(frame.kind);
    if (carried !== this.#carried[frame.kind]) this.#carry(frame.kind, carried);
    if (frame.role === 'config') {
      this.#configure(frame, frame.kind);
      return false;
    }
    if (!carried || this.#unreadable.has(frame.codec)) return false;
    this.#see(frame.kind, track);
    return true;
  }

  /** Whether the frames of a track wait for the next piece, which begins with their configuration. */
  isPending(kind: MediaKind): boolean {
    return this.#pending.has(kind);
  }

  /** @returns the configurations that count from the piece on that begins now. */
  takePending(): readonly TrackConfig[] {
    const configs = [...this.#pending.values()];
    this.#pending.clear();
    return configs;
  }

  /** Complains, unless it has done so in this publish. */
  leaveOut(codec: string, why: string): void {
    if (this.leftOut.has(codec)) return;
    this.leftOut.set(codec, why);
    this.complain(codec, why);
  }

  /** Another publish begins with nothing. What was left out stays known. */
  reset(): void {
    this.#seen = { video: undefined, audio: undefined };
    this.#configs.clear();
    this.#pending.clear();
    this.#unreadable.clear();
    this.#hasBegun = false;
    this.hasChanged = false;
  }

  #carry(kind: MediaKind, carried: boolean): void {
    this.#carried[kind] = carried;
    if (!carried) this.#see(kind, undefined);
  }

  #configure(frame: Frame, kind: MediaKind): void {
    const { codec, payload } = frame;
    if (this.#configs.get(kind)?.equals(payload) === true) return;
    try {
      const read = FrameMuxer.read(frame);
      if (read !== undefined) this.#pending.set(kind, read);
    } catch (error) {
      if (!(error instanceof SrsError)) throw error;
      this.#unreadable.add(codec);
      this.#configs.delete(kind);
      this.#see(kind, undefined);
      this.leaveOut(codec, error.message);
      return;
    }
    this.#unreadable.delete(codec);
    const isAnother = this.#configs.has(kind);
    this.#configs.set(kind, Buffer.from(payload));
    // At the start its frames tell: it may be announced and never come.
    if (!this.#carried[kind] || !this.#hasBegun) return;
    this.#see(kind, FrameMuxer.trackOf(frame));
    if (isAnother) this.hasChanged = true;
  }

  #see(kind: MediaKind, track: Tracks['video'] | Tracks['audio']): void {
    if (this.#seen[kind] === track) return;
    this.#seen = { ...this.#seen, [kind]: track };
    this.hasChanged = true;
  }
}
