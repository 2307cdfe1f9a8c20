import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, type Log, SrsError } from '../kernel/index.js';
import { SocketSink } from '../link/index.js';
import {
  type Client,
  type LiveStream,
  type StreamFacts,
  type Tracks,
  Viewer,
  type WireFormat,
} from '../stream/index.js';
import { HeldStart } from './held-start.js';

/** How the bytes of a stream stand on a socket: what goes before the first frame, and after the last. */
export interface LiveBody {
  readonly format: WireFormat;
  readonly start: Buffer;
  /** What goes between `start` and the first frame, by what the stream has. Left undefined: nothing. */
  readonly guess: ((tracks: Tracks) => Buffer) | undefined;
  readonly tail: Buffer | undefined;
}

/** A player over HTTP or WebSocket: a socket that was taken over from the HTTP server, and a cursor in the stream. */
export class StreamViewer extends SocketSink implements Client {
  readonly viewer: Viewer;
  readonly type = 'Play';
  readonly since = Date.now();
  readonly bytesIn = 0;
  #closed = false;
  /** While it is not known which tracks the stream has. */
  #heldStart: HeldStart | undefined;

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
    if (this.framing.guess !== undefined) this.#hold(this.framing.guess);
    this.stream.join(this.viewer, this.framing.format);
  }

  #hold(header: (tracks: Tracks) => Buffer): void {
    this.#heldStart = new HeldStart(this, this.stream, header, this.clock, () => {
      this.#heldStart = undefined;
      this.viewer.sink = this;
    });
    this.viewer.sink = this.#heldStart;
  }

  protected override onDrain(): void {
    this.viewer.drained();
  }

  /** The stream is over: the response ends as it should. */
  end(): void {
    if (this.#closed) return;
    this.stream.leave(this.viewer);
    this.#heldStart?.release();
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
    this.#heldStart?.cancel();
    this.closeSink();
    this.stream.leave(this.viewer);
    const { bytesOut } = this;
    this.log.info({ stream: this.stream.key, was: 'play', bytesOut }, 'connection closed');
    this.onClosed(this);
  }
}
