import { randomBytes } from 'node:crypto';
import { findVhost, type VhostConfig } from '../config/index.js';
import { ms } from '../core/index.js';
import { type Log, ProtocolError, RefusedError, SrsError, type Timer } from '../kernel/index.js';
import type { LinkHandler, RtmpLink } from '../link/index.js';
import {
  checkName,
  control,
  MessageType,
  parseMessage,
  resolveStream,
  type StreamUrl,
  type WireMessage,
} from '../protocol/rtmp/index.js';
import type { Client, ClientFacts, ClientType, Decision, LiveStream, StreamFacts, Viewer } from '../stream/index.js';
import { Admittance } from './admittance.js';
import { type Command, type ConnectRequest, connectResult, onBwDone, readConnect } from './connect.js';
import { HeldMessages } from './held-messages.js';
import { next, type Phase } from './phases.js';
import { Player } from './player.js';
import type { SessionEnvironment } from './ports.js';
import { Publisher, type PublishStyle } from './publisher.js';
import {
  connectClosed,
  connectRejected,
  playRefused,
  publishRefused,
  result,
  STREAM_ID,
  unknownCall,
} from './statuses.js';

const CONNECT_WITHIN = ms(10_000);
const HANDSHAKE_WITHIN = ms(5_000);
/** After an unpublish the encoder may publish again on the same connection, after a closeStream the player may play. */
const REPUBLISH_WITHIN = ms(180_000);
const REPLAY_WITHIN = ms(1_800_000);
/** A longer timer than this would fire at once. */
const MAX_TIMER = 2 ** 31 - 1;

/** Stage of a session, for summaries. */
export type SessionKind = 'publish' | 'play' | 'other';

/** One RTMP connection: connect, then any number of publishes and plays one after another (rtmp.md §5–§7). */
export class RtmpSession implements LinkHandler, Client {
  readonly id = randomBytes(6).toString('hex');
  #link!: RtmpLink;
  #log: Log;
  #phase: Phase = 'connecting';
  #request: ConnectRequest | undefined;
  /** Name of the vhost that accepted the connection. */
  #servedBy = '';
  /** Set by releaseStream or FCPublish: the encoder speaks the FMLE way. */
  #fmleName: string | undefined;
  #publisher: Publisher | undefined;
  #player: Player | undefined;
  #playTimer: Timer | undefined;
  /** What it was doing when this side ended it. */
  #endedAs: SessionKind | undefined;
  readonly #admittance: Admittance;
  readonly #held = new HeldMessages();
  #facts: ClientFacts | undefined;
  /** The same with the stream that it last asked for, and that one's query. */
  #streamFacts: StreamFacts | undefined;
  readonly since: number;

  constructor(
    private readonly env: SessionEnvironment,
    private readonly onClosed: (session: RtmpSession) => void,
  ) {
    this.#log = env.log.child({ conn: this.id });
    this.since = env.clock.wall();
    this.#admittance = new Admittance(env.gate, () => ({ sent: this.bytesOut, received: this.bytesIn }));
  }

  /** The link is made with this session as its handler, and given here before its first byte. */
  attach(link: RtmpLink): void {
    this.#link = link;
    this.#log = this.env.log.child({ conn: this.id, peer: link.remote });
    link.expect('its RTMP handshake', HANDSHAKE_WITHIN);
  }

  get link(): RtmpLink {
    return this.#link;
  }

  get kind(): SessionKind {
    return this.#publisher !== undefined ? 'publish' : this.#player !== undefined ? 'play' : 'other';
  }

  // ---- what the registry of clients shows

  /** Known from the connect on; only then is the session registered. */
  get facts(): ClientFacts {
    if (this.#facts === undefined) throw new Error('the client did not connect yet');
    return this.#streamFacts ?? this.#facts;
  }

  get type(): ClientType {
    if (this.#publisher !== undefined) return this.#publisher.style === 'fmle' ? 'fmle-publish' : 'flash-publish';
    return this.#player !== undefined ? 'Play' : 'Unknown';
  }

  get streamKey(): string | undefined {
    return (this.#publisher ?? this.#player)?.stream.key;
  }

  get viewer(): Viewer | undefined {
    return this.#player?.viewer;
  }

  get bytesIn(): number {
    return this.#link.bytesIn;
  }

  get bytesOut(): number {
    return this.#link.bytesOut;
  }

  kick(reason: string): void {
    if (this.#endedAs !== undefined) return;
    this.#link.send(connectClosed(reason));
    this.#end(new RefusedError('KICKED', reason));
  }

  get drops(): number {
    return this.#player?.viewer.drops ?? 0;
  }

  // ---- what the link tells

  ready(): void {
    this.#link.expect('connect and then publish or play', CONNECT_WITHIN);
  }

  message(message: WireMessage): void {
    if (this.#admittance.isAsking) this.#held.push(message);
    else this.#handle(message);
  }

  #handle(message: WireMessage): void {
    switch (message.type) {
      case MessageType.audio:
      case MessageType.video:
      case MessageType.aggregate:
      case MessageType.dataAmf0:
      case MessageType.dataAmf3:
        return this.#publisher?.media(message);
      default: {
        const parsed = parseMessage(message);
        if (parsed.kind === 'command') this.#command(parsed);
      }
    }
  }

  settled(): void {
    this.#publisher?.settled();
  }

  drained(): void {
    this.#player?.drained();
  }

  acknowledged(total: number): void {
    this.#player?.acknowledged(total);
  }

  closed(reason: Error | undefined): void {
    const was = this.#endedAs ?? this.kind;
    this.#stop();
    this.#admittance.close();
    if (this.#facts !== undefined) this.env.clients.remove(this);
    this.#report(was, reason);
    this.onClosed(this);
  }

  #report(was: SessionKind, reason: Error | undefined): void {
    const { bytesIn, bytesOut } = this.#link;
    const fields = { was, bytesIn, bytesOut };
    if (reason === undefined) this.#log.info(fields, 'connection closed');
    else if (reason instanceof SrsError)
      this.#log.warn({ ...fields, code: reason.code, ...reason.context }, `connection closed: ${reason.message}`);
    else if ('code' in reason) this.#log.info({ ...fields, code: reason.code }, 'connection closed by the peer');
    else this.#log.error({ ...fields, err: reason }, 'connection closed by an internal error');
  }

  /** The configuration changed: takes over its vhost's settings, or ends when the vhost serves it no more. */
  reconfigure(): void {
    const request = this.#request;
    if (request === undefined) return;
    const name = (this.#publisher ?? this.#player)?.stream.name.vhost ?? this.#servedBy;
    const vhost = findVhost(this.env.config(), name);
    if (vhost === undefined || vhost.name !== name) {
      const reason = new RefusedError('VHOST_UNKNOWN', `vhost ${name} is not served any more`);
      this.#link.send(connectClosed(reason.message));
      return this.#end(reason);
    }
    this.#link.setNoDelay(vhost.tcpNodelay);
    this.#link.acknowledgeEvery(vhost.inAckSize);
    if (this.#player === undefined) this.#link.setOutChunkSize(vhost.chunkSize);
    this.#player?.setChunkSize(vhost.chunkSize);
    this.#publisher?.reconfigure(vhost);
  }

  // ---- commands

  #command(message: Command): void {
    switch (this.#phase) {
      case 'connecting':
        if (message.name === 'connect') this.#connect(message);
        return;
      case 'idle':
        return this.#idleCommand(message);
      case 'publishing':
        return this.#publishingCommand(message);
      case 'playing':
        return this.#playingCommand(message);
      default:
        this.#phase satisfies never;
    }
  }

  #connect(message: Command): void {
    let request: ConnectRequest;
    let vhost: VhostConfig;
    const no = (why: string) => connectRejected(message.transactionId, why);
    try {
      request = readConnect(message);
      vhost = this.#vhost(request.url.vhost);
    } catch (error) {
      return this.#refuse(error, no);
    }
    const facts: ClientFacts = {
      id: this.id,
      ip: this.#link.remoteAddress,
      protocol: 'rtmp',
      vhost: vhost.name,
      app: request.url.app,
      param: request.url.param,
      tcUrl: request.tcUrl,
      pageUrl: request.pageUrl,
      swfUrl: request.swfUrl,
    };
    this.#link.expectNothing();
    this.#admittance.connect(facts, {
      granted: () => this.#decided(() => this.#connected(request, facts)),
      refused: (error) => this.#decided(() => this.#refuse(error, no)),
    });
  }

  #connected(request: ConnectRequest, facts: ClientFacts): void {
    const link = this.#link;
    const vhost = this.#vhost(request.url.vhost);
    this.#phase = next(this.#phase, 'connect');
    this.#request = request;
    this.#facts = facts;
    this.#servedBy = vhost.name;
    if (vhost.outAckSize > 0) {
      link.send(control.windowAckSize(vhost.outAckSize));
      link.send(control.setPeerBandwidth(vhost.outAckSize, 2));
    }
    link.setOutChunkSize(vhost.chunkSize);
    link.send(connectResult(request, this.id, link.localAddress));
    link.send(onBwDone());
    link.acknowledgeEvery(vhost.inAckSize);
    link.expect('publish or play', CONNECT_WITHIN);
    this.env.clients.add(this);
    const { app } = request.url;
    this.#log.info({ vhost: vhost.name, app, flashVer: request.flashVer || undefined }, 'client connected');
  }

  /** The gate has answered: acts on it, then on what the client sent meanwhile, until the next question. */
  #decided(act: () => void): void {
    this.#link.guard(() => {
      act();
      const messages = this.#held.take();
      for (const message of messages) {
        if (this.#endedAs !== undefined || this.#link.isClosed) return;
        this.message(message);
      }
      if (messages.length > 0 && !this.#admittance.isAsking) this.settled();
    });
  }

  #idleCommand(message: Command): void {
    const { name, transactionId } = message;
    switch (name) {
      case 'createStream':
        return this.#link.send(result(transactionId, STREAM_ID));
      case 'releaseStream':
      case 'FCPublish':
        this.#fmleName ??= streamArgument(message);
        return this.#link.send(result(transactionId, undefined));
      case 'FCUnpublish':
        return this.#link.send(result(transactionId, undefined));
      case 'publish':
        return this.#publish(message);
      case 'play':
        return this.#play(message);
      case 'pause':
      case 'closeStream':
      case 'deleteStream':
      case 'onStatus':
        return;
      default:
        if (transactionId > 0) this.#link.send(unknownCall(message));
    }
  }

  #publish(message: Command): void {
    const style = this.#fmleName === undefined ? 'flash' : 'fmle';
    const name = streamArgument(message) || (this.#fmleName ?? '');
    this.#ask('publish', name, {
      granted: (wanted) => this.#publishing(wanted, style),
      refused: (error) => {
        const busy = error instanceof SrsError && error.code === 'STREAM_BUSY';
        this.#refuse(error, (why) => publishRefused(busy, why));
      },
    });
  }

  #publishing(wanted: WantedStream, style: PublishStyle): void {
    const { stream, vhost } = this.#stream(wanted);
    try {
      this.#publisher = new Publisher(this.#link, stream, style, vhost, {
        id: this.id,
        evicted: () => this.#evicted(),
      });
    } finally {
      if (this.#publisher === undefined) stream.releaseIfIdle();
    }
    this.#phase = next(this.#phase, 'publish');
    this.env.clients.moved(this);
    this.#log.info({ stream: stream.key, style }, 'publish started');
  }

  /** Asks whether the client may use a stream; no deadline of its own runs from here on. */
  #ask(
    use: 'publish' | 'play',
    argument: string,
    outcome: { granted(wanted: WantedStream): void; refused(error: unknown): void },
  ): void {
    let facts: StreamFacts;
    let url: StreamUrl;
    try {
      url = this.#resolve(argument);
      const { app, stream, param } = url;
      facts = { ...(this.#facts ?? this.facts), vhost: this.#vhost(url.vhost).name, app, stream, param };
    } catch (error) {
      return outcome.refused(error);
    }
    this.#link.expectNothing();
    const granted = ({ stream }: Decision): void => {
      try {
        outcome.granted(stream === undefined ? url : { ...url, stream: checkName('stream', stream) });
      } catch (error) {
        outcome.refused(error);
      }
    };
    this.#streamFacts = facts;
    this.#admittance.use(use, facts, {
      granted: (decision) => this.#decided(() => granted(decision)),
      refused: (error) => this.#decided(() => outcome.refused(error)),
    });
  }

  #evicted(): void {
    const reason = new SrsError('PUBLISHER_EVICTED', 'another publisher took the stream over');
    this.#link.send(publishRefused(true, reason.message));
    this.#end(reason);
  }

  #publishingCommand(message: Command): void {
    const publisher = this.#publisher;
    if (publisher === undefined || !publisher.ends(message)) return;
    this.#stop();
    publisher.unpublished(message);
    this.#backToIdle(REPUBLISH_WITHIN);
    this.#log.info({ stream: publisher.stream.key }, 'publish ended');
    // A Flash encoder may start over with the very call that ended its publish.
    if (message.name === 'createStream' || message.name === 'publish') this.#idleCommand(message);
  }

  #play(message: Command): void {
    const duration = message.args[3];
    this.#ask('play', streamArgument(message), {
      granted: (wanted) => this.#playing(wanted, typeof duration === 'number' ? duration : 0),
      refused: (error) => this.#refuse(error, playRefused),
    });
  }

  #playing(wanted: WantedStream, duration: number): void {
    const { stream } = this.#stream(wanted);
    this.#player = new Player(this.#link, stream, this.#log);
    this.#phase = next(this.#phase, 'play');
    this.env.clients.moved(this);
    if (duration > 0) this.#endAfter(duration, stream);
    this.#log.info({ stream: stream.key }, 'play started');
  }

  /** @param duration ms of the stream's own time, so that waiting for a publisher does not count. */
  #endAfter(duration: number, stream: LiveStream): void {
    const start = stream.time;
    const check = (): void => {
      const left = duration - (stream.time - start);
      if (left <= 0) return this.#link.end();
      this.#playTimer = this.env.clock.after(ms(Math.min(Math.max(left, 20), MAX_TIMER)), check);
    };
    check();
  }

  #playingCommand(message: Command): void {
    const player = this.#player;
    if (player === undefined || player.command(message)) return;
    this.#stop();
    this.#backToIdle(REPLAY_WITHIN);
    this.#log.info({ stream: player.stream.key }, 'play ended');
  }

  #backToIdle(wait: typeof REPLAY_WITHIN): void {
    this.#phase = next(this.#phase, 'stop');
    this.#fmleName = undefined;
    this.#link.expect('another publish or play', wait);
  }

  /** Ends what is going on; safe at any time, and the only way out of a publish or play. */
  #stop(): void {
    this.#playTimer?.cancel();
    this.#playTimer = undefined;
    const publisher = this.#publisher;
    const player = this.#player;
    this.#publisher = undefined;
    this.#player = undefined;
    publisher?.stop();
    player?.stop();
    if (publisher !== undefined || player !== undefined) this.env.clients.moved(this);
    this.#admittance.stopped();
  }

  // ---- names

  #vhost(name: string): VhostConfig {
    const vhost = findVhost(this.env.config(), name);
    if (vhost === undefined) throw new RefusedError('VHOST_UNKNOWN', `vhost ${name} does not exist here`);
    return vhost;
  }

  /** What a play or publish names; its own `?vhost=` wins over the connection's (rtmp.md §4). */
  #resolve(argument: string): StreamUrl {
    if (this.#request === undefined) throw new ProtocolError('RTMP_STATE', 'no connect before');
    return resolveStream(this.#request.url, argument);
  }

  #stream(wanted: WantedStream): { stream: LiveStream; vhost: VhostConfig } {
    const vhost = this.#vhost(wanted.vhost);
    this.#link.setOutChunkSize(vhost.chunkSize);
    this.#link.setNoDelay(vhost.tcpNodelay);
    const stream = this.env.hub.obtain({ vhost: vhost.name, app: wanted.app, stream: wanted.stream });
    return { stream, vhost };
  }

  /** Says no in the client's own terms, then closes. Anything but a refusal or a broken rule is a bug: rethrown. */
  #refuse(error: unknown, answer: (why: string) => Parameters<RtmpLink['send']>[0]): void {
    if (!(error instanceof SrsError)) throw error;
    this.#link.send(answer(error.message));
    this.#end(error);
  }

  /** Used at shutdown: what was written leaves first. */
  end(): void {
    this.#end();
  }

  #end(reason?: Error): void {
    this.#endedAs ??= this.kind;
    this.#stop();
    this.#admittance.close();
    this.#link.end(reason);
  }
}

type WantedStream = Pick<StreamUrl, 'vhost' | 'app' | 'stream'>;

const streamArgument = (message: Command): string => {
  const name = message.args[1];
  return typeof name === 'string' ? name : '';
};
