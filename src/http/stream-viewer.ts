import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Cause, type Clock, type Log, RefusedError, SrsError } from '../kernel/index.js';
import { SocketSink } from '../link/index.js';
import {
  type Client,
  type LiveStream,
  type StreamFacts,
  type Tracks,
  Viewer,
  type WireFormat,
  warnOfLag,
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
  readonly since: number;
  readonly bytesIn = 0;
  #closed = false;
  /** The first one counts: what follows from it ends nothing. */
  #cause: Cause;
  /** While it is not known which tracks the stream has. */
  #heldStart: HeldStart | undefined;

  constructor(
    socket: Duplex,
    readonly facts: StreamFacts,
    readonly stream: LiveStream,
    private readonly framing: LiveBody,
    private readonly clock: Clock,
    log: Log,
    private readonly onClosed: (viewer: StreamViewer, cause: Cause) => void,
  ) {
    super(socket as Socket);
    this.since = clock.wall();
    this.viewer = new Viewer(this, warnOfLag(log, stream.key));
    socket.on('close', () => this.#close());
    socket.on('error', (error) => this.#close(error));
  }

  get streamKey(): string {
    return this.stream.key;
  }

  /** Sends the start and joins the stream. */
  start(): void {
    if (this.#closed) return;
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

  /** The response ends as it should. @param cause why, unless the server stops. */
  end(cause?: Cause): void {
    if (this.#closed) return;
    this.#cause ??= cause;
    this.stream.leave(this.viewer);
    this.#heldStart?.release();
    if (this.framing.tail !== undefined) this.write(this.framing.tail);
    this.closeSink();
    this.socket.end();
  }

  /** The viewer is stuck for good. */
  fail(reason: string): void {
    const cause = new SrsError('TIMEOUT', reason);
    this.#cause ??= cause;
    this.socket.destroy(cause);
    this.#close();
  }

  kick(reason: string): void {
    this.end(new RefusedError('KICKED', reason));
    this.socket.destroySoon();
  }

  #close(cause?: Cause): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#heldStart?.cancel();
    this.closeSink();
    this.stream.leave(this.viewer);
    this.onClosed(this, this.#cause ?? cause);
  }
}
