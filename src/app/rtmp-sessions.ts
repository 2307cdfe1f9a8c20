import type { Socket } from 'node:net';
import type { Ms } from '../core/index.js';
import { waitWhile } from '../kernel/index.js';
import { type Deadlines, RtmpLink } from '../link/index.js';
import { ServerHandshake } from '../protocol/rtmp/index.js';
import { RtmpSession, type SessionEnvironment } from '../session/index.js';
import type { Gate } from '../stream/index.js';

/** The RTMP connections of encoders and players. */
export class RtmpSessions {
  readonly #sessions = new Set<RtmpSession>();

  constructor(
    private readonly env: SessionEnvironment,
    private readonly deadlines: Deadlines,
  ) {}

  /** A connection that was let in. */
  accept(socket: Socket): void {
    this.#sessions.add(this.serve(socket, this.env.gate, (closed) => this.#sessions.delete(closed)));
  }

  /** Serves a connection that is not one of these, at a gate of its own. */
  serve(socket: Socket, gate: Gate, closed: (session: RtmpSession) => void): RtmpSession {
    const session = new RtmpSession({ ...this.env, gate }, closed);
    session.attach(new RtmpLink(socket, new ServerHandshake(), session, this.deadlines));
    return session;
  }

  get isAnyPlaying(): boolean {
    return [...this.#sessions].some(({ kind }) => kind === 'play');
  }

  reconfigure(): void {
    for (const session of [...this.#sessions]) session.reconfigure();
  }

  /** Ends all of them: what was written leaves first, for at most `limit` ms; then what is left is closed. */
  async end(limit: Ms): Promise<void> {
    for (const session of [...this.#sessions]) session.end();
    await waitWhile(this.env.clock, () => this.#sessions.size > 0, limit);
    for (const session of [...this.#sessions]) session.link.close();
  }
}
