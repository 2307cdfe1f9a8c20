import type { IncomingMessage } from 'node:http';
import { findVhost } from '../config/index.js';
import { ms } from '../core/index.js';
import { type Cause, RefusedError, type Timer } from '../kernel/index.js';
import { type Client, type StreamFacts, type StreamName, streamKey } from '../stream/index.js';
import { clientAddress } from './client-address.js';
import { Contexts } from './hls-context.js';
import { senderOf } from './live-request.js';
import type { HttpEnvironment } from './ports.js';

/** A player asks for its playlist every few seconds; one that has not asked for so long is gone, */
const IDLE = 30_000;
/** nor for so many of the longest segments (RFC 8216 §6.3.4: it asks again after one, or sooner). */
const SEGMENTS = 2;
const SWEEP = ms(5000);
/** Of the places of all players an address has no more than this part: a household or an office, and no flood. */
const SHARE = 1 / 4;
const LEAST_SHARE = 16;

/** A player of HLS: no connection, but requests with one address, agent and query. */
export class HlsSession implements Client {
  readonly type = 'Play';
  readonly viewer = undefined;
  readonly streamKey: string;
  bytesIn = 0;
  bytesOut = 0;
  lastAsked = 0;
  /** Why nothing is given to it any more. */
  refused: RefusedError | undefined;

  /** @param since ms since 1970. @param who address, agent, stream and query. @param context the mark that tells it from others of these. */
  constructor(
    readonly since: number,
    readonly facts: StreamFacts,
    readonly who: string,
    readonly context: string | undefined,
    private readonly onKicked: (cause: RefusedError) => void,
  ) {
    this.streamKey = streamKey(facts);
  }

  /** There is no connection to close: it gets nothing for a while, then the gate is asked again. */
  kick(reason: string): void {
    if (this.refused !== undefined) return;
    this.refused = new RefusedError('KICKED', reason);
    this.onKicked(this.refused);
  }
}

interface Asked {
  readonly stream: StreamName;
  readonly message: IncomingMessage;
  readonly param: string;
  readonly ip: string;
  readonly who: string;
}

/**
 * Who plays HLS (reliability R24). The first request of a player asks the gate, as a play over RTMP does, so access
 * rules, hooks and limits cover playlists and segments; a player that asks for nothing any more has stopped.
 */
export class HlsSessions {
  readonly #sessions = new Map<string, HlsSession>();
  readonly #contexts = new Contexts();
  /** How many there are of each address, those that the gate decides on, too. */
  readonly #perAddress = new Map<string, number>();
  readonly #deciding = new Map<string, Promise<HlsSession>>();
  readonly #timer: Timer;
  #closed = false;

  constructor(private readonly env: HttpEnvironment) {
    this.#timer = env.clock.every(SWEEP, () => this.#sweep());
  }

  /**
   * Lets a request of a player pass. @param context its mark, where there are marks (`hls_ctx`).
   * @returns the player, which counts what it is given.
   * @throws {RefusedError} the gate said no, or the player was closed by an operator.
   */
  async admit(stream: StreamName, message: IncomingMessage, param: string, context?: string): Promise<HlsSession> {
    const asked = this.#askedBy(stream, message, param);
    if (context !== undefined) this.#contexts.take(asked.who, context);
    return this.#admit(asked, context ?? this.#contexts.find(asked.who));
  }

  /** Whether a request is one of a player that is here. */
  knows(stream: StreamName, message: IncomingMessage, param: string, context?: string): boolean {
    const { who } = this.#askedBy(stream, message, param);
    return this.#sessions.has(keyOf(who, context ?? this.#contexts.find(who)));
  }

  /** As `admit`, for a player that needs a mark. @returns the mark, too. */
  async offer(
    stream: StreamName,
    message: IncomingMessage,
    param: string,
  ): Promise<{ session: HlsSession; context: string }> {
    const asked = this.#askedBy(stream, message, param);
    const context = this.#contexts.offer(asked.who);
    return { session: await this.#admit(asked, context), context };
  }

  #askedBy(stream: StreamName, message: IncomingMessage, param: string): Asked {
    const ip = clientAddress(message, this.env.config().trustedProxies);
    const who = `${ip} ${message.headers['user-agent'] ?? ''} ${streamKey(stream)} ${param}`;
    return { stream, message, param, ip, who };
  }

  async #admit(asked: Asked, context: string | undefined): Promise<HlsSession> {
    const key = keyOf(asked.who, context);
    const session = this.#sessions.get(key) ?? (await this.#decide(key, asked, context));
    if (session.refused !== undefined) throw session.refused;
    session.lastAsked = this.env.clock.now();
    return session;
  }

  /** Requests that come while the gate decides wait for the same answer. */
  #decide(key: string, asked: Asked, context: string | undefined): Promise<HlsSession> {
    let deciding = this.#deciding.get(key);
    if (deciding === undefined) {
      const facts = this.#factsOf(asked);
      this.#takePlace(asked, facts, context);
      deciding = this.#open(key, asked, facts, context)
        .catch((error: unknown) => {
          this.#leavePlace(asked.ip);
          throw error;
        })
        .finally(() => this.#deciding.delete(key));
      this.#deciding.set(key, deciding);
    }
    return deciding;
  }

  /** A player needs no connection of its own, so their number does not bound it. @throws {RefusedError} PLAYERS_LIMIT */
  #takePlace({ ip, who }: Asked, facts: StreamFacts, context: string | undefined): void {
    const { maxConnections } = this.env.config();
    const ofAddress = this.#perAddress.get(ip) ?? 0;
    const isFull = this.#sessions.size + this.#deciding.size >= maxConnections;
    if (!isFull && ofAddress < Math.max(LEAST_SHARE, Math.floor(maxConnections * SHARE)))
      return void this.#perAddress.set(ip, ofAddress + 1);
    if (context !== undefined) this.#contexts.forget(who, context);
    const why = `there are too many players of HLS${isFull ? '' : ' from this address'}`;
    throw this.#refused(facts, new RefusedError('PLAYERS_LIMIT', why));
  }

  #leavePlace(ip: string): void {
    const left = (this.#perAddress.get(ip) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(ip, left);
    else this.#perAddress.delete(ip);
  }

  #refused<T>(facts: StreamFacts, error: T): T {
    this.env.refusals.report(facts, error);
    return error;
  }

  #factsOf({ stream, message, param }: Asked): StreamFacts {
    const sender = senderOf(message, stream.app, this.env.config().trustedProxies);
    // Its requests come on many connections, so no port is its own.
    return { ...sender, peer: sender.ip, protocol: 'hls', ...stream, param };
  }

  async #open(key: string, { who }: Asked, facts: StreamFacts, context: string | undefined): Promise<HlsSession> {
    try {
      const decision = await this.env.gate.play(facts);
      const { stream: name = facts.stream } = decision;
      if (this.#closed || name !== facts.stream) {
        this.env.gate.stopped({ ...facts, stream: name });
        throw new RefusedError('HOOK_REFUSED', 'a stream of HLS has one name only');
      }
    } catch (error) {
      if (context !== undefined) this.#contexts.forget(who, context);
      throw this.#refused(facts, error);
    }
    const { clock } = this.env;
    const session = new HlsSession(clock.wall(), facts, who, context, (cause) => this.#ended(session, cause));
    session.lastAsked = clock.now();
    this.#sessions.set(key, session);
    this.env.clients.add(session);
    return session;
  }

  #sweep(): void {
    const now = this.env.clock.now();
    for (const [key, session] of this.#sessions)
      if (now - session.lastAsked > this.#patience(session.facts)) this.#close(key, session);
  }

  #patience({ vhost }: StreamName): number {
    const hls = findVhost(this.env.config(), vhost)?.hls;
    return hls === undefined ? IDLE : Math.max(IDLE, SEGMENTS * 1000 * hls.hlsFragment * hls.hlsTdRatio);
  }

  #close(key: string, session: HlsSession): void {
    this.#sessions.delete(key);
    this.#leavePlace(session.facts.ip);
    if (session.context !== undefined) this.#contexts.forget(session.who, session.context);
    if (session.refused === undefined) this.#ended(session);
  }

  #ended(session: HlsSession, cause?: Cause): void {
    this.env.clients.remove(session, cause);
    this.env.gate.stopped(session.facts);
  }

  close(): void {
    this.#closed = true;
    this.#timer.cancel();
    for (const [key, session] of [...this.#sessions]) this.#close(key, session);
  }
}

/** The mark alone would be a ticket for others: who it is stays a part of it. */
const keyOf = (who: string, context: string | undefined): string => (context === undefined ? who : `${who} ${context}`);
