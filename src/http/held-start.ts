import { type Ms, ms } from '../core/index.js';
import type { Clock, Timer } from '../kernel/index.js';
import type { LiveStream, Tracks, ViewerSink } from '../stream/index.js';

/** The second track of a stream comes so soon, or there is none. */
const SECOND_TRACK_WITHIN: Ms = ms(1000);
/** The same when its configuration is there. */
const ANNOUNCED_WITHIN: Ms = ms(3000);
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
    if (this.#bytes > MAX_HELD) this.release();
    else this.#look();
  }

  #look(): void {
    const { publication, meter } = this.stream;
    const { audio, video } = meter.tracks;
    if (!audio && !video) return;
    const within = meter.announced.audio && meter.announced.video ? ANNOUNCED_WITHIN : SECOND_TRACK_WITHIN;
    const left = within - (this.clock.wall() - (publication?.since ?? 0));
    if ((audio && video) || left <= 0) return this.release();
    this.#patience ??= this.clock.after(ms(Math.ceil(left)), () => {
      this.#patience = undefined;
      this.#look();
    });
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
