import type { Socket } from 'node:net';
import type { Config } from '../config/index.js';
import { ms } from '../core/index.js';
import { addressSetOf, type Clock, isLoopback, type Log, SrsError } from '../kernel/index.js';
import { ProxyDoor, peerName, peerOf, plainAddress } from '../link/index.js';
import type { Admission, Refusal } from './admission.js';

/** Takes a connection that was let in; its place is free when the socket has closed. It may be paused, if a proxy sent it. */
type Serve = (socket: Socket) => void;

/** Where the connections of all listeners pass: who is the client behind a proxy, and is there a place for it? */
export class Entrance {
  readonly #door: ProxyDoor;
  readonly #serveAs = new WeakMap<Socket, Serve>();
  readonly #refused = new Map<string, number>();

  constructor(
    private readonly config: () => Config,
    private readonly admission: Admission,
    private readonly clock: Clock,
    private readonly log: Log,
    /** Closes connections that only wait for another request. */
    private readonly makeRoom: () => void,
  ) {
    this.#door = new ProxyDoor(clock, {
      passed: (socket) => this.#admit(socket),
      refused: (socket, why) => this.#reportProxy(socket, why),
    });
  }

  enter(socket: Socket, serve: Serve): void {
    const { proxyProtocol, trustedProxies, maxConnections } = this.config();
    const address = plainAddress(socket.remoteAddress);
    this.#serveAs.set(socket, serve);
    if (!proxyProtocol || !addressSetOf(trustedProxies).has(address)) return this.#admit(socket);
    if (this.#door.waiting >= maxConnections) return this.#turnAway(socket, 'max_connections');
    this.#door.enter(socket, { optional: isLoopback(address) });
  }

  #admit(socket: Socket, madeRoom = false): void {
    if (socket.destroyed) return;
    const { address } = peerOf(socket);
    // Connections of a proxy are those of many clients; they are counted by request.
    const counted = addressSetOf(this.config().trustedProxies).has(address) ? undefined : address;
    const refusal = this.admission.enter(counted);
    if (refusal === 'max_connections' && !madeRoom) {
      // Players that only keep a connection for later never lock out an encoder.
      this.makeRoom();
      socket.on('error', () => socket.destroy());
      this.clock.after(ms(10), () => this.#admit(socket, true));
      return;
    }
    if (refusal !== undefined) return this.#turnAway(socket, refusal);
    socket.once('close', () => this.admission.leave(counted));
    this.#serveAs.get(socket)?.(socket);
  }

  #turnAway(socket: Socket, limit: Refusal): void {
    this.turnedAway(peerName(socket), limit);
    socket.on('error', () => undefined);
    socket.destroy();
  }

  /** There was no place: for a connection, or for a request through a proxy, which counts as one. */
  turnedAway(peer: string, limit: Refusal): void {
    this.#report(limit, { peer, why: `${limit} is reached` });
  }

  #reportProxy(socket: Socket, why: Error): void {
    const code = why instanceof SrsError ? why.code : 'CLOSED';
    this.#report(code, { peer: peerName(socket), code, why: why.message });
  }

  /** Connections that were not let in, by reason. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#refused;
  }

  /** One line per thousand: a flood must not fill the log. */
  #report(reason: string, fields: object): void {
    const refused = (this.#refused.get(reason) ?? 0) + 1;
    this.#refused.set(reason, refused);
    if (refused % 1000 === 1) this.log.warn({ ...fields, refused }, 'connection refused');
  }

  /** Whoever has not come in yet stays outside. */
  close(): void {
    this.#door.close();
  }
}
