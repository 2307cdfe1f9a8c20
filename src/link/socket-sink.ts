import type { Socket } from 'node:net';
import { tcpKey } from '../kernel/index.js';

/** While corked, this much may collect for one system call. */
const CORKED_BYTES = 64 * 1024;

/**
 * The writing half of a socket as the stream room wants it (ViewerSink): it never grows a queue of its own beyond the
 * socket's high-water mark and one write.
 */
export class SocketSink {
  #corked = false;
  bytesOut = 0;

  constructor(protected readonly socket: Socket) {}

  /**
   * `write` answers false whenever a chunk is larger than the high-water mark, also when the kernel took it all;
   * so what counts is whether bytes are left. Bytes left below the mark raise no `drain`, so more may be written then.
   */
  get writable(): boolean {
    const { socket } = this;
    if (socket.destroyed || socket.writableEnded) return false;
    if (this.#corked) return socket.writableLength < CORKED_BYTES;
    return !socket.writableNeedDrain || socket.writableLength === 0;
  }

  get queued(): number {
    return this.socket.writableLength;
  }

  get kernelKey(): string | undefined {
    const { localAddress, localPort, remoteAddress, remotePort } = this.socket;
    if (localAddress === undefined || localPort === undefined) return undefined;
    if (remoteAddress === undefined || remotePort === undefined) return undefined;
    return tcpKey(localAddress, localPort, remoteAddress, remotePort);
  }

  write(bytes: Buffer): void {
    if (this.socket.destroyed || this.socket.writableEnded) return;
    this.bytesOut += bytes.length;
    this.socket.write(bytes);
  }

  cork(): void {
    this.#corked = true;
    this.socket.cork();
  }

  uncork(): void {
    this.#corked = false;
    this.socket.uncork();
  }
}
