import { randomBytes } from 'node:crypto';
import { findVhost, type VhostConfig } from '../config/index.js';
import { ms } from '../core/index.js';
import { type Cause, type Log, logEnd, RefusedError, SrsError } from '../kernel/index.js';
import type { LinkHandler, RtmpLink } from '../link/index.js';
import { control, MessageType, parseMessage, type WireMessage } from '../protocol/rtmp/index.js';
import type { Client, ClientFacts, ClientType, Viewer } from '../stream/index.js';
import { BandwidthTest } from './bandcheck/bandwidth-test.js';
import { hasKey } from './bandcheck/calls.js';
import { type Command, type ConnectRequest, connectResult, onBwDone, readConnect } from './connect.js';
import type { SessionEnvironment } from './ports.js';
import { type Asker, Questions } from './questions.js';
import { connectClosed, connectRejected } from './statuses.js';
import { type Connection, StreamUse } from './stream-use.js';

const CONNECT_WITHIN = ms(10_000);
const HANDSHAKE_WITHIN = ms(5_000);

/** Stage of a session, for summaries. */
export type SessionKind = 'publish' | 'play' | 'other';

/** One RTMP connection from its handshake to its end; what it does with streams is in StreamUse (spec/rtmp.md §5–§7). */
export class RtmpSession implements LinkHandler, Client, Connection, Asker {
  readonly id = randomBytes(6).toString('hex');
  readonly since: number;
  readonly questions: Questions;
  #link!: RtmpLink;
  #log: Log;
  /** Name of the vhost that accepted the connection. */
  #servedBy = '';
  /** From the connect on. */
  #use: StreamUse | undefined;
  /** Of a client of a vhost for bandwidth tests: instead of a use. */
  #test: BandwidthTest | undefined;
  /** What it was doing when this side ended it. */
  #endedAs: SessionKind | undefined;
  #isRefused = false;

  constructor(
    private readonly env: SessionEnvironment,
    private readonly onClosed: (session: RtmpSession) => void,
  ) {
    this.#log = env.log.child({ conn: this.id });
    this.since = env.clock.wall();
    this.questions = new Questions(env.gate, this);
  }

  /** The link is made with this session as its handler, and given here before its first byte. */
  attach(link: RtmpLink): void {
    this.#link = link;
    this.#log = this.env.log.child({ conn: this.id, peer: link.remote, protocol: 'rtmp' });
    link.watch.expect('its RTMP handshake', HANDSHAKE_WITHIN);
  }

  get link(): RtmpLink {
    return this.#link;
  }

  get log(): Log {
    return this.#log;
  }

  get kind(): SessionKind {
    if (this.#use?.publisher !== undefined) return 'publish';
    return this.#use?.player !== undefined ? 'play' : 'other';
  }

  get isEnded(): boolean {
    return this.#endedAs !== undefined;
  }

  // ---- what the registry of clients shows

  /** Known from the connect on; only then is the session registered. */
  get facts(): ClientFacts {
    if (this.#use === undefined) throw new Error('the client did not connect yet');
    return this.#use.facts;
  }

  get type(): ClientType {
    return this.#use?.type ?? 'Unknown';
  }

  get streamKey(): string | undefined {
    return this.#use?.stream?.key;
  }

  get viewer(): Viewer | undefined {
    return this.#use?.player?.viewer;
  }

  get bytesIn(): number {
    return this.#link.bytesIn;
  }

  get bytesOut(): number {
    return this.#link.bytesOut;
  }

  kick(reason: string): void {
    if (this.isEnded) return;
    this.#link.send(connectClosed(reason));
    this.end(new RefusedError('KICKED', reason));
  }

  moved(cause?: Cause): void {
    this.env.clients.moved(this, cause);
  }

  // ---- what the link tells

  ready(): void {
    this.#link.watch.expect('connect and then publish or play', CONNECT_WITHIN);
  }

  message(message: WireMessage): void {
    this.questions.take(message);
  }

  handle(message: WireMessage): void {
    switch (message.type) {
      case MessageType.audio:
      case MessageType.video:
      case MessageType.aggregate:
      case MessageType.dataAmf0:
      case MessageType.dataAmf3:
        return this.#use?.media(message);
      default: {
        const parsed = parseMessage(message);
        if (parsed.kind !== 'command') return;
        if (this.#test !== undefined) this.#test.call(parsed.name);
        else if (this.#use !== undefined) this.#use.command(parsed);
        else if (parsed.name === 'connect') this.#connect(parsed);
      }
    }
  }

  settled(): void {
    this.#use?.publisher?.settled();
    this.#test?.settled();
  }

  drained(): void {
    this.#use?.player?.drained();
  }

  acknowledged(total: number): void {
    this.#use?.player?.acknowledged(total);
  }

  closed(reason: Error | undefined): void {
    const was = this.#endedAs ?? this.kind;
    this.#stop(reason);
    if (this.#use !== undefined) this.env.clients.remove(this);
    this.#report(was, reason);
    this.onClosed(this);
  }

  /** Why a client was refused, or a publish or play ended with the connection, has been told with that. */
  #report(was: SessionKind, reason: Error | undefined): void {
    const { bytesIn, bytesOut } = this.#link;
    const cause = this.#isRefused || was !== 'other' ? undefined : reason;
    logEnd(this.#log, { was, bytesIn, bytesOut }, cause, 'connection closed');
  }

  // ---- connect

  #connect(message: Command): void {
    let request: ConnectRequest;
    let vhost: VhostConfig;
    const no = (why: string) => connectRejected(message.transactionId, why);
    try {
      request = readConnect(message);
      vhost = this.vhost(request.url.vhost);
    } catch (error) {
      return this.refuse(error, no);
    }
    const facts: ClientFacts = {
      id: this.id,
      ip: this.#link.remoteAddress,
      peer: this.#link.remote,
      protocol: 'rtmp',
      vhost: vhost.name,
      app: request.url.app,
      param: request.url.param,
      tcUrl: request.tcUrl,
      pageUrl: request.pageUrl,
      swfUrl: request.swfUrl,
      ...(request.trail !== '' && { trail: request.trail }),
    };
    this.questions.connect(facts, {
      granted: () => this.#connected(request, facts),
      refused: (error) => this.refuse(error, no),
    });
  }

  #connected(request: ConnectRequest, facts: ClientFacts): void {
    const link = this.#link;
    const vhost = this.vhost(request.url.vhost);
    if (vhost.bandcheck.enabled) return this.#measure(request, vhost);
    this.#servedBy = vhost.name;
    this.#use = new StreamUse(this.env, this, request, facts);
    if (vhost.outAckSize > 0) {
      link.send(control.windowAckSize(vhost.outAckSize));
      link.send(control.setPeerBandwidth(vhost.outAckSize, 2));
    }
    link.setOutChunkSize(vhost.chunkSize);
    link.send(connectResult(request, this.id, link.localAddress));
    link.send(onBwDone());
    link.acknowledgeEvery(acknowledgedAfter(vhost));
    link.watch.expect('publish or play', CONNECT_WITHIN);
    this.env.clients.add(this);
    const { app } = request.url;
    this.#log.info(
      { vhost: vhost.name, app, flashVer: request.flashVer || undefined, ...request.upnode },
      'client connected',
    );
  }

  /** spec/rtmp.md §12: it is tested, and never served. */
  #measure(request: ConnectRequest, { name, chunkSize, outAckSize, bandcheck }: VhostConfig): void {
    const link = this.#link;
    if (outAckSize > 0) {
      link.send(control.windowAckSize(outAckSize));
      link.send(control.setPeerBandwidth(outAckSize, 2));
    }
    const no = (why: string) => connectRejected(request.transactionId, why);
    if (!hasKey(request.tcUrl, bandcheck.key))
      return this.refuse(new RefusedError('BANDCHECK', 'the key for bandwidth tests is missing or wrong'), no);
    if (!this.env.turns.take(bandcheck.interval))
      return this.refuse(new RefusedError('BANDCHECK', 'the last bandwidth test was just now: try again later'), no);
    link.setOutChunkSize(chunkSize);
    link.send(connectResult(request, this.id, link.localAddress));
    this.#log.info({ vhost: name, limitKbps: bandcheck.limitKbps }, 'bandwidth test started');
    const isFlash = request.swfUrl !== '';
    this.#test = new BandwidthTest(link, bandcheck.limitKbps, isFlash, this.env.clock, (result) => {
      this.#log.info({ vhost: name, ...result }, 'bandwidth test ended');
      this.end();
    });
    this.#test.start();
  }

  vhost(name: string): VhostConfig {
    const vhost = findVhost(this.env.config(), name);
    if (vhost === undefined) throw new RefusedError('VHOST_UNKNOWN', `vhost ${name} does not exist here`);
    return vhost;
  }

  /** The configuration changed: takes over its vhost's settings, or ends when the vhost serves it no more. */
  reconfigure(): void {
    const use = this.#use;
    if (use === undefined) return;
    const name = use.stream?.name.vhost ?? this.#servedBy;
    const vhost = findVhost(this.env.config(), name);
    if (vhost === undefined || vhost.name !== name) {
      const reason = new RefusedError('VHOST_UNKNOWN', `vhost ${name} is not served any more`);
      this.#link.send(connectClosed(reason.message));
      return this.end(reason);
    }
    this.#link.setNoDelay(vhost.tcpNodelay);
    this.#link.acknowledgeEvery(acknowledgedAfter(vhost));
    use.reconfigure(vhost);
  }

  // ---- the end

  /** Anything but a refusal or a broken rule is a bug: rethrown. */
  refuse(error: unknown, answer: (why: string) => Parameters<RtmpLink['send']>[0]): void {
    if (!(error instanceof SrsError)) throw error;
    this.#isRefused = true;
    logEnd(this.#log, { stream: this.#use?.wanted }, error, 'client refused');
    this.#link.send(answer(error.message));
    this.end(error);
  }

  /** What was written leaves first. @param cause left out at shutdown. */
  end(cause?: Cause): void {
    this.#endedAs ??= this.kind;
    this.#stop(cause);
    this.#link.end(cause instanceof Error ? cause : undefined);
  }

  #stop(cause: Cause): void {
    this.#test?.stop();
    this.#use?.stop(cause);
    this.questions.close();
  }
}

/**
 * Set Peer Bandwidth lets the client have so many bytes on the way without an acknowledgement (RTMP 1.0 §5.4.5). Wirecast and
 * others keep to it and announce no window of their own. Half of it: a message that would pass it waits in whole.
 */
const acknowledgedAfter = ({ inAckSize, outAckSize }: VhostConfig): number =>
  inAckSize > 0 ? inAckSize : Math.ceil(outAckSize / 2);
