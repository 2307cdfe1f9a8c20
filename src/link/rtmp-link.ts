import type { Socket } from 'node:net';
import { type Ms, ms } from '../core/index.js';
import { SrsError } from '../kernel/index.js';
import {
  ChunkDecoder,
  type ClientHandshake,
  control,
  DEFAULT_CHUNK_SIZE,
  encodeChunks,
  MessageType,
  type OutMessage,
  type ServerHandshake,
  UserControl,
  type WireMessage,
} from '../protocol/rtmp/index.js';
import { plainAddress } from './address.js';
import type { Deadlines } from './deadlines.js';
import { peerName, peerOf } from './peer.js';
import { PeerWatch } from './peer-watch.js';
import { ReadValve } from './read-valve.js';
import { SocketSink } from './socket-sink.js';

/** What the owner of a link hears. Exceptions close the link, and nothing else. */
export interface LinkHandler {
  /** The handshake is done. */
  ready(): void;
  /** One message that is not the link's own business (chunk size, acknowledgements and pings are). */
  message(message: WireMessage): void;
  /** All messages of one socket read were delivered. */
  settled(): void;
  /** The socket can take bytes again. */
  drained(): void;
  /** The peer has received this many bytes of the connection. */
  acknowledged?(total: number): void;
  /** Nothing follows. Exactly once. `reason` is undefined for an orderly end. */
  closed(reason: Error | undefined): void;
}

/** Chunks of one read beyond which the peer is taken to burn our time (1-byte chunks, reliability S3). */
const CHUNKS_PER_READ = 4096;
const PENALTY = ms(20);
/** Answers that a peer has not taken; beyond it nothing more is read from it, so it cannot ask for more. */
const MAX_UNTAKEN = 2 ** 20;
/** A read shorter than this is worth waiting for more (`mr`). */
const SMALL_READ = 4096;
const LINGER = ms(2000);

/**
 * A socket bound to the RTMP codecs: handshake, chunks, acknowledgements both ways, answers to pings.
 * Both servers and clients stand on it.
 */
export class RtmpLink extends SocketSink {
  /** When something of the peer is due; the link closes if it does not come. */
  readonly watch: PeerWatch;
  readonly reading: ReadValve;
  readonly #decoder = new ChunkDecoder();
  #handshake: ServerHandshake | ClientHandshake | undefined;
  #outChunkSize = DEFAULT_CHUNK_SIZE;
  bytesIn = 0;
  #acknowledgedIn = 0;
  /** Bytes after which the peer wants to hear how many have come, as it announced; 0: never. */
  #peerWindow = 0;
  /** The same as this side sees to it by itself. */
  #ownWindow = 0;
  #acks = 0;
  #closed = false;
  #reason: Error | undefined;
  #ending = false;
  #mergeFor: Ms = ms(0);

  constructor(
    socket: Socket,
    handshake: ServerHandshake | ClientHandshake,
    private readonly handler: LinkHandler,
    deadlines: Deadlines,
  ) {
    super(socket);
    this.#handshake = handshake;
    this.watch = new PeerWatch(this, deadlines);
    this.reading = new ReadValve(socket, deadlines.clock);
    socket.setKeepAlive(true, 30_000);
    socket.on('data', (bytes: Buffer) => this.#received(bytes));
    socket.on('error', (error) => this.close(error));
    socket.on('end', () => this.close());
    socket.on('close', () => this.close());
  }

  protected override onDrain(): void {
    this.reading.peerTookAll();
    this.handler.drained();
  }

  get remote(): string {
    return peerName(this.socket);
  }

  get remoteAddress(): string {
    return peerOf(this.socket).address;
  }

  get localAddress(): string {
    return plainAddress(this.socket.localAddress);
  }

  setNoDelay(on: boolean): void {
    this.socket.setNoDelay(on);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get outChunkSize(): number {
    return this.#outChunkSize;
  }

  ping(now: number): void {
    this.send(control.pingRequest(Math.floor(now) >>> 0));
  }

  timedOut(what: string): void {
    this.close(new SrsError('TIMEOUT', `peer did not send ${what}`));
  }

  // ---- reading

  /** Bunches the reads of a busy publisher: after a small read the socket rests for `window` (`mr`). */
  mergeReads(window: Ms): void {
    this.#mergeFor = window;
  }

  #received(bytes: Buffer): void {
    if (this.#closed || this.#ending) return;
    this.bytesIn += bytes.length;
    this.watch.heard();
    this.guard(() => this.#take(bytes));
  }

  #take(bytes: Buffer): void {
    let media: Uint8Array = bytes;
    const handshake = this.#handshake;
    if (handshake !== undefined) {
      const answer = handshake.push(bytes);
      if (answer !== undefined) this.write(answer);
      if (!handshake.done) return;
      this.#handshake = undefined;
      media = handshake.rest;
      this.handler.ready();
      if (media.length === 0) return;
    }
    const before = this.#decoder.chunksRead;
    const messages = this.#decoder.push(media);
    if (messages.length > 0) this.#deliver(messages);
    else if (this.#decoder.partialBytes > 0) this.watch.heardPart();
    if (this.#owesAcknowledgement) this.#acknowledge();
    if (this.queued > MAX_UNTAKEN) this.reading.waitForPeer();
    if (this.#decoder.chunksRead - before > CHUNKS_PER_READ) this.reading.rest(PENALTY);
    else if (this.#mergeFor > 0 && bytes.length < SMALL_READ) this.reading.rest(this.#mergeFor);
  }

  /** For what a handler does later by itself: an exception closes this link only. */
  guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.close(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #deliver(messages: readonly WireMessage[]): void {
    this.watch.heardMessage();
    for (const message of messages) {
      if (this.#closed || this.#ending) return;
      this.#dispatch(message);
    }
    this.handler.settled();
  }

  /** The connection's own affairs are settled here (RTMP 1.0 §5.4, §7.1.7). */
  #dispatch(message: WireMessage): void {
    const { type, payload } = message;
    switch (type) {
      case MessageType.audio:
      case MessageType.video:
        return this.handler.message(message);
      case MessageType.setChunkSize:
      case MessageType.abort:
        return; // the decoder applied it
      case MessageType.acknowledgement:
        return this.#acknowledged(payload);
      case MessageType.windowAckSize:
        if (payload.length >= 4) this.#peerWindow = payload.readUInt32BE(0);
        return;
      case MessageType.userControl:
        if (payload.length >= 6 && payload.readUInt16BE(0) === UserControl.pingRequest)
          return this.send(control.pingResponse(payload.readUInt32BE(2)));
        return this.handler.message(message);
      default:
        return this.handler.message(message);
    }
  }

  #acknowledged(payload: Buffer | Readonly<Buffer>): void {
    if (payload.length < 4) return;
    // The sequence number wraps at 2^32; the signed difference undoes it.
    const step = (payload.readUInt32BE(0) - (this.#acks >>> 0)) | 0;
    if (step > 0) this.#acks += step;
    this.handler.acknowledged?.(this.#acks);
  }

  /** @param window acknowledge after so many bytes, whatever window the peer announced; 0: as the peer asks. */
  acknowledgeEvery(window: number): void {
    this.#ownWindow = window;
  }

  get #owesAcknowledgement(): boolean {
    const bytes = this.bytesIn - this.#acknowledgedIn;
    return (this.#peerWindow > 0 && bytes >= this.#peerWindow) || (this.#ownWindow > 0 && bytes >= this.#ownWindow);
  }

  #acknowledge(): void {
    this.#acknowledgedIn = this.bytesIn;
    this.send(control.acknowledgement(this.bytesIn % 2 ** 32));
  }

  // ---- writing and closing

  /** Encodes and writes one message at the current outgoing chunk size. */
  send(message: OutMessage): void {
    if (!this.#closed) this.write(encodeChunks(message, this.#outChunkSize));
  }

  /** Announces and uses another outgoing chunk size. */
  setOutChunkSize(bytes: number): void {
    if (bytes === this.#outChunkSize) return;
    this.send(control.setChunkSize(bytes));
    this.#outChunkSize = bytes;
  }

  /** Closes after what was written has left, e.g. a refusal. Nothing more is heard. */
  end(reason?: Error): void {
    if (this.#closed || this.#ending) return;
    this.#reason = reason;
    this.#ending = true;
    this.closeSink();
    this.socket.end();
    this.watch.linger(LINGER);
  }

  /** A viewer that is stuck for good. */
  fail(reason: string): void {
    this.close(new SrsError('TIMEOUT', reason));
  }

  close(reason?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.closeSink();
    this.reading.close();
    this.watch.stop();
    this.socket.destroy();
    this.handler.closed(this.#reason ?? reason);
  }
}
