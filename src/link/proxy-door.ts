import type { Socket } from 'node:net';
import { type Ms, ms } from '../core/index.js';
import { type Clock, SrsError } from '../kernel/index.js';
import { type ProxyHeader, ProxyHeaderReader } from '../protocol/proxy/index.js';
import { setPeer } from './peer.js';

const HEADER_WITHIN = ms(5000);

/** What the owner of the door hears of each socket, exactly once. */
export interface ProxyDoorHandler {
  /** The client is known to `peerOf`; what it sent is still to be read from the socket. */
  passed(socket: Socket): void;
  /** The socket is destroyed. */
  refused(socket: Socket, why: Error): void;
}

/** Where connections of trusted proxies come in: each begins with a header of the PROXY protocol. */
export class ProxyDoor {
  readonly #waiting = new Set<Socket>();

  constructor(
    private readonly clock: Clock,
    private readonly handler: ProxyDoorHandler,
    private readonly within: Ms = HEADER_WITHIN,
  ) {}

  get waiting(): number {
    return this.#waiting.size;
  }

  /** @param optional without a header it is an ordinary connection, which may be one of this machine's own programs. */
  enter(socket: Socket, { optional }: { readonly optional: boolean }): void {
    const reader = new ProxyHeaderReader();
    let read: Buffer = Buffer.alloc(0);
    const done = (): boolean => {
      timer.cancel();
      socket.off('data', onData).off('error', onEnd).off('close', onEnd);
      return this.#waiting.delete(socket);
    };
    const refuse = (why: Error): void => {
      if (!done()) return;
      socket.on('error', () => undefined);
      socket.destroy();
      this.handler.refused(socket, why);
    };
    const onEnd = (error?: Error | boolean): void =>
      refuse(
        error instanceof Error ? error : new SrsError('CLOSED', 'the proxy closed before its header was complete'),
      );
    const onData = (bytes: Buffer): void => {
      read = Buffer.concat([read, bytes]);
      let header: ProxyHeader | undefined;
      try {
        header = reader.push(bytes);
      } catch (error) {
        if (!optional) return refuse(error as Error);
        header = { source: undefined, rest: read };
      }
      if (header === undefined) return;
      done();
      // What follows the header waits in the socket until its new owner reads.
      socket.pause();
      if (header.source !== undefined) setPeer(socket, header.source);
      if (header.rest.length > 0) socket.unshift(header.rest);
      this.handler.passed(socket);
    };
    const timer = this.clock.after(this.within, () =>
      refuse(new SrsError('TIMEOUT', `no header of the PROXY protocol within ${this.within} ms`)),
    );
    this.#waiting.add(socket);
    socket.on('error', onEnd).on('close', onEnd).on('data', onData);
  }

  /** Whoever still waits is closed. */
  close(): void {
    for (const socket of [...this.#waiting]) socket.destroy();
  }
}
