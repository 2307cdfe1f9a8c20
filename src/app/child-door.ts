import type { Socket } from 'node:net';
import { TcpListener } from '../link/index.js';
import type { RtmpSession } from '../session/index.js';
import { type Gate, type Passes, PassGate, type ProgramKind } from '../stream/index.js';

/** Makes a socket an RTMP session. */
export type ServeRtmp = (socket: Socket, gate: Gate, closed: (session: RtmpSession) => void) => RtmpSession;

/**
 * The way in for programs that this server runs itself: a port of 127.0.0.1, opened when the first of them needs it,
 * where only a pass lets in. So it is reached whatever addresses are listened on, and no place is taken from a client.
 */
export class ChildDoor {
  readonly sessions = new Set<RtmpSession>();
  readonly #gate: Gate;
  #listener: TcpListener | undefined;
  #opening: Promise<number> | undefined;

  constructor(
    private readonly passes: Passes,
    gates: Readonly<Record<ProgramKind, Gate>>,
    private readonly serve: ServeRtmp,
  ) {
    this.#gate = new PassGate(passes, gates);
  }

  /** Opens it unless it is open. @returns its port. @throws {SystemError} LISTEN */
  port(): Promise<number> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<number> {
    const listener = new TcpListener({ host: '127.0.0.1', port: 0 }, (socket) => this.#accept(socket));
    await listener.start();
    this.#listener = listener;
    return listener.port;
  }

  #accept(socket: Socket): void {
    const session = this.serve(socket, this.#gate, (closed) => this.sessions.delete(closed));
    this.sessions.add(session);
    // Others on this machine can connect as well: the oldest that has shown no pass makes way.
    if (this.sessions.size <= 2 * this.passes.size) return;
    const stranger = [...this.sessions].find(({ id }) => !this.passes.isHolder(id));
    stranger?.link.close();
  }

  async close(): Promise<void> {
    await this.#listener?.stop();
    for (const session of [...this.sessions]) session.link.close();
  }
}
