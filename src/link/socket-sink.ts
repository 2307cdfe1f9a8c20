import type { Socket } from 'node:net';
import { tcpKey } from '../kernel/index.js';

/** While corked, this much may collect for one system call. */
const CORKED_BYTES = 64 * 1024;

/**
 * The writing half of a socket as the stream room wants it (ViewerSink): it never grows a queue of its own beyond the
 * socket's high-water mark and one write. Whether it may be written to is kept in a field, because a fan-out asks that
 * for every viewer and the stream's own getters are a tenth of the cost of a write.
 */
export class SocketSink {
  /** The socket asked to wait and `drain` has not come yet. */
  #full = false;
  #corked = false;
  /** Ended or destroyed: nothing may be written any more. */
  #over = false;
  #kernelKey: string | undefined;
  bytesOut = 0;

  constructor(protected readonly socket: Socket) {
    socket.on('drain', () => {
      this.#full = false;
      this.onDrain();
    });
  }

  /** The socket can take bytes again. */
  protected onDrain(): void {}

  get writable(): boolean {
    return !this.#full && !this.#over;
  }

  get queued(): number {
    return this.socket.writableLength;
  }

  get kernelKey(): string | undefined {
    this.#kernelKey ??= this.#findKey();
    return this.#kernelKey;
  }

  #findKey(): string | undefined {
    const { localAddress, localPort, remoteAddress, remotePort } = this.socket;
    if (localAddress === undefined || localPort === undefined) return undefined;
    if (remoteAddress === undefined || remotePort === undefined) return undefined;
    return tcpKey(localAddress, localPort, remoteAddress, remotePort);
  }

  /**
   * `Socket.write` answers false whenever a chunk is larger than the high-water mark, also when the kernel took it all;
   * so what counts is whether bytes are left. Bytes left below the mark raise no `drain`, so more may be written then.
   */
  write(bytes: Buffer): void {
    if (this.#over) return;
    this.bytesOut += bytes.length;
    const { socket } = this;
    if (socket.write(bytes)) return;
    this.#full = this.#corked ? socket.writableLength >= CORKED_BYTES : socket.writableLength > 0;
  }

  cork(): void {
    this.#corked = true;
    this.socket.cork();
  }

  uncork(): void {
    const { socket } = this;
    this.#corked = false;
    socket.uncork();
    this.#full = socket.writableNeedDrain && socket.writableLength > 0;
  }

  protected closeSink(): void {
    this.#over = true;
  }
}
