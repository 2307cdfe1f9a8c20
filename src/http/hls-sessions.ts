import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ms } from '../core/index.js';
import { RefusedError, type Timer } from '../kernel/index.js';
import { type Client, type StreamFacts, type StreamName, streamKey } from '../stream/index.js';
import { clientAddress } from './client-address.js';
import { tcUrlOf } from './live-request.js';
import type { HttpEnvironment } from './ports.js';

/** A player asks for its playlist every few seconds; one that has not asked for so long is gone. */
const IDLE = 30_000;
const SWEEP = ms(5000);

/** A player of HLS: no connection, but requests with one address, agent and query. */
export class HlsSession implements Client {
  readonly type = 'Play';
  readonly viewer = undefined;
  readonly since = Date.now();
  readonly streamKey: string;
  bytesIn = 0;
  bytesOut = 0;
  lastAsked = 0;
  /** Why nothing is given to it any more. */
  refused: string | undefined;

  constructor(
    readonly facts: StreamFacts,
    private readonly onKicked: () => void,
  ) {
    this.streamKey = streamKey(facts);
  }

  /** There is no connection to close: it gets nothing for a while, then the gate is asked again. */
  kick(reason: string): void {
    if (this.refused !== undefined) return;
    this.refused = reason;
    this.onKicked();
  }
}

/**
 * Who plays HLS (reliability R24). The first request of a player asks the gate, as a play over RTMP does, so access
 * rules, hooks and limits cover playlists and segments; a player that asks for nothing any more has stopped.
 */
export class HlsSessions {
  readonly #sessions = new Map<string, HlsSession>();
  readonly #deciding = new Map<string, Promise<HlsSession>>();
  readonly #timer: Timer;

  constructor(private readonly env: HttpEnvironment) {
    this.#timer = env.clock.every(SWEEP, () => this.#sweep());
  }

  /**
   * Lets a request of a player pass. @returns the player, which counts what it is given.
   * @throws {RefusedError} the gate said no, or the player was closed by an operator.
   */
  async admit(stream: StreamName, message: IncomingMessage, param: string): Promise<HlsSession> {
    const ip = clientAddress(message, this.env.config().trustedProxies);
    const key = `${ip} ${message.headers['user-agent'] ?? ''} ${streamKey(stream)} ${param}`;
    const session = this.#sessions.get(key) ?? (await this.#decide(key, stream, message, ip, param));
    if (session.refused !== undefined) throw new RefusedError('KICKED', session.refused);
    session.lastAsked = this.env.clock.now();
    return session;
  }

  /** Requests that come while the gate decides wait for the same answer. */
  #decide(key: string, stream: StreamName, message: IncomingMessage, ip: string, param: string): Promise<HlsSession> {
    let deciding = this.#deciding.get(key);
    if (deciding === undefined) {
      deciding = this.#open(key, stream, message, ip, param).finally(() => this.#deciding.delete(key));
      this.#deciding.set(key, deciding);
    }
    return deciding;
  }

  async #open(
    key: string,
    stream: StreamName,
    message: IncomingMessage,
    ip: string,
    param: string,
  ): Promise<HlsSession> {
    const { headers } = message;
    const facts: StreamFacts = {
      id: randomBytes(6).toString('hex'),
      ip,
      protocol: 'hls',
      ...stream,
      param,
      tcUrl: tcUrlOf(message, stream.app),
      pageUrl: headers.referer ?? '',
      swfUrl: '',
    };
    await this.env.gate.play(facts);
    const session = new HlsSession(facts, () => this.#ended(session));
    session.lastAsked = this.env.clock.now();
    this.#sessions.set(key, session);
    this.env.clients.add(session);
    this.env.log.info({ conn: facts.id, peer: ip, protocol: 'hls', stream: session.streamKey }, 'play started');
    return session;
  }

  #sweep(): void {
    const limit = this.env.clock.now() - IDLE;
    for (const [key, session] of this.#sessions) if (session.lastAsked < limit) this.#close(key, session);
  }

  #close(key: string, session: HlsSession): void {
    this.#sessions.delete(key);
    if (session.refused === undefined) this.#ended(session);
  }

  #ended(session: HlsSession): void {
    this.env.clients.remove(session);
    this.env.gate.stopped(session.facts);
    const { facts, bytesOut } = session;
    this.env.log.info({ conn: facts.id, peer: facts.ip, stream: session.streamKey, bytesOut }, 'play ended');
  }

  close(): void {
    this.#timer.cancel();
    for (const [key, session] of [...this.#sessions]) this.#close(key, session);
  }
}
