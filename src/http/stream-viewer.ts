import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Ms, ms } from '../core/index.js';
import { type Clock, type Log, SrsError, type Timer } from '../kernel/index.js';
import { SocketSink } from '../link/index.js';
import {
  type Client,
  type LiveStream,
  type StreamFacts,
  type Tracks,
  Viewer,
  type WireFormat,
} from '../stream/index.js';

/** How the bytes of a stream stand on a socket: what goes before the first frame, and after the last. */
export interface LiveBody {
  readonly format: WireFormat;
  readonly start: Buffer;
  /** What goes between `start` and the first frame, by what the stream has. Left undefined: nothing. */
  readonly guess: ((tracks: Tracks) => Buffer) | undefined;
  readonly tail: Buffer | undefined;
}

/** The second track of a stream comes so soon, or there is none. */
const SECOND_TRACK_WITHIN: Ms = ms(1000);

/** A player over HTTP or WebSocket: a socket that was taken over from the HTTP server, and a cursor in the stream. */
export class StreamViewer extends SocketSink implements Client {
  readonly viewer: Viewer;
  readonly type = 'Play';
  readonly since = Date.now();
  readonly bytesIn = 0;
  #closed = false;
  /** What waits until it is known which tracks the stream has. */
  #held: Buffer[] | undefined;
  #guessing: Timer | undefined;

  constructor(
    socket: Duplex,
    readonly facts: StreamFacts,
    readonly stream: LiveStream,
    private readonly framing: LiveBody,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly onClosed: (viewer: StreamViewer) => void,
  ) {
    super(socket as Socket);
    this.viewer = new Viewer(this, {
      fellBehind: (viewer) =>
        log.warn(
          { stream: stream.key, lagMs: viewer.log?.lagOf(viewer), backlog: viewer.backlog, drops: viewer.drops },
          'player is too slow: it will go on at a key frame',
        ),
    });
    socket.on('close', () => this.#close());
    socket.on('error', () => this.#close());
  }

  get streamKey(): string {
    return this.stream.key;
  }

  /** Sends the start and joins the stream. */
  start(): void {
    if (this.#closed) return;
    this.log.info({ stream: this.stream.key }, 'play started');
    if (this.framing.start.length > 0) this.write(this.framing.start);
    if (this.framing.guess !== undefined) this.#held = [];
    this.stream.join(this.viewer, this.framing.format);
  }

  override write(bytes: Buffer): void {
    if (this.#held === undefined) return super.write(bytes);
    this.#held.push(bytes);
    this.#guess();
  }

  /**
   * A player that is told of a track waits for it, and one that is not told can not always add it: so a young stream
   * gets a moment to show its tracks.
   */
  #guess(): void {
    const { publication, meter } = this.stream;
    const { audio, video } = meter.tracks;
    const age = this.clock.wall() - (publication?.since ?? 0);
    if ((audio && video) || ((audio || video) && age >= SECOND_TRACK_WITHIN)) this.#release();
    else if (audio || video) this.#guessing ??= this.clock.after(SECOND_TRACK_WITHIN, () => this.#release());
  }

  #release(): void {
    this.#guessing?.cancel();
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const { audio, video } = this.stream.meter.tracks;
    const isKnown = audio || video;
    const start = this.framing.guess?.({ audio: audio || !isKnown, video: video || !isKnown });
    for (const bytes of start === undefined ? held : [start, ...held]) super.write(bytes);
  }

  protected override onDrain(): void {
    this.viewer.drained();
  }

  /** The stream is over: the response ends as it should. */
  end(): void {
    if (this.#closed) return;
    this.stream.leave(this.viewer);
    this.#release();
    if (this.framing.tail !== undefined) this.write(this.framing.tail);
    this.closeSink();
    this.socket.end();
  }

  /** The viewer is stuck for good. */
  fail(reason: string): void {
    this.log.warn({ stream: this.stream.key }, `connection closed: ${reason}`);
    this.socket.destroy(new SrsError('TIMEOUT', reason));
    this.#close();
  }

  kick(reason: string): void {
    this.log.info({ stream: this.stream.key, reason }, 'player is closed');
    this.end();
    this.socket.destroySoon();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#guessing?.cancel();
    this.closeSink();
    this.stream.leave(this.viewer);
    const { bytesOut } = this;
    this.log.info({ stream: this.stream.key, was: 'play', bytesOut }, 'connection closed');
    this.onClosed(this);
  }
}
