import { type Ms, ms } from '../core/index.js';
import type { Clock, Timer } from '../kernel/index.js';
import type { LiveStream, Tracks, ViewerSink } from '../stream/index.js';

/** The second track of a stream comes so soon, or there is none. */
const SECOND_TRACK_WITHIN: Ms = ms(1000);
/** A stream of data alone never shows a track. */
const MAX_HELD = 2 ** 20;

/**
 * Stands before a player's socket until it is known which tracks the stream has, since the header of FLV names them.
 * A player that is told of a track waits for it, and one that is not told cannot always add it: so a young stream
 * gets a moment to show its tracks.
 */
export class HeldStart implements ViewerSink {
  #held: Buffer[] = [];
  #bytes = 0;
  #patience: Timer | undefined;

  /**
   * @param header what goes before the first frame, by what the stream has.
   * @param over all that was held is in the socket, and whoever writes writes there from now on.
   */
  constructor(
    private readonly socket: ViewerSink,
    private readonly stream: Pick<LiveStream, 'publication' | 'meter'>,
    private readonly header: (tracks: Tracks) => Buffer,
    private readonly clock: Clock,
    private readonly over: () => void,
  ) {}

  get writable(): boolean {
    return this.socket.writable;
  }

  get queued(): number {
    return this.socket.queued;
  }

  get kernelKey(): string | undefined {
    return this.socket.kernelKey;
  }

  write(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_HELD) return this.release();
    const { publication, meter } = this.stream;
    const { audio, video } = meter.tracks;
    const age = this.clock.wall() - (publication?.since ?? 0);
    if ((audio && video) || ((audio || video) && age >= SECOND_TRACK_WITHIN)) this.release();
    else if (audio || video) this.#patience ??= this.clock.after(SECOND_TRACK_WITHIN, () => this.release());
  }

  /** Nobody waits any longer: the header, and what was held. Without a track it names both. */
  release(): void {
    this.cancel();
    const { audio, video } = this.stream.meter.tracks;
    const isKnown = audio || video;
    this.socket.write(this.header({ audio: audio || !isKnown, video: video || !isKnown }));
    for (const bytes of this.#held) this.socket.write(bytes);
    this.#held = [];
    this.over();
  }

  /** The player is gone. */
  cancel(): void {
    this.#patience?.cancel();
  }

  cork(): void {
    this.socket.cork();
  }

  uncork(): void {
    this.socket.uncork();
  }

  fail(reason: string): void {
    this.socket.fail(reason);
  }
}
