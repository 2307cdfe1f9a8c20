import type { VhostConfig } from '../config/index.js';
import { type Ms, ms } from '../core/index.js';
import { type Cause, type Log, SrsError } from '../kernel/index.js';
import type { RtmpLink } from '../link/index.js';
import { checkName, resolveStream, type StreamUrl, type WireMessage, wantsAllTracks } from '../protocol/rtmp/index.js';
import {
  type ClientFacts,
  type ClientType,
  type Decision,
  type LiveStream,
  type StreamFacts,
  streamKey,
} from '../stream/index.js';
import type { Command, ConnectRequest } from './connect.js';
import { next } from './phases.js';
import { PlayLimit } from './play-limit.js';
import { Player } from './player.js';
import type { SessionEnvironment } from './ports.js';
import { Publisher, type PublishRequest } from './publisher.js';
import type { Questions } from './questions.js';
import { playRefused, publishRefused, result, SPARE_STREAM_ID, STREAM_ID } from './statuses.js';
import { StrayMedia } from './stray-media.js';
import { answerUnknown } from './unknown-call.js';

/** After an unpublish the encoder may publish again on the same connection, after a closeStream the player may play. */
const REPUBLISH_WITHIN = ms(180_000);
const REPLAY_WITHIN = ms(1_800_000);
/**
 * From the end of a play to the next ping. GStreamer's rtmpsrc sleeps in its read until something comes when it closes the
 * socket, and the answer to deleteStream may come before that close.
 */
const WAKE = ms(1000);

/** The connection around it. */
export interface Connection {
  readonly id: string;
  readonly link: RtmpLink;
  readonly log: Log;
  readonly questions: Questions;
  /** @throws {RefusedError} VHOST_UNKNOWN */
  vhost(name: string): VhostConfig;
  /** It began or ended to publish or play. @param cause why it ended. */
  moved(cause?: Cause): void;
  /** Says no in the client's own terms, then closes. */
  refuse(error: unknown, answer: (why: string) => Parameters<RtmpLink['send']>[0]): void;
  end(cause: Cause): void;
}

/** What the client does now, by the table of phases. */
type Doing =
  | { readonly phase: 'idle' }
  | { readonly phase: 'publishing'; readonly publisher: Publisher }
  | { readonly phase: 'playing'; readonly player: Player };

/** What a connected client does with streams: any number of publishes and plays, one after another (spec/rtmp.md §5–§7). */
export class StreamUse {
  #doing: Doing = { phase: next('connecting', 'connect') };
  /** Set by releaseStream or FCPublish: the encoder speaks the FMLE way. */
  #fmleName: string | undefined;
  readonly #playLimit: PlayLimit;
  readonly #stray = new StrayMedia();
  #facts: StreamFacts | undefined;

  constructor(
    private readonly env: SessionEnvironment,
    private readonly connection: Connection,
    private readonly request: ConnectRequest,
    private readonly client: ClientFacts,
  ) {
    this.#playLimit = new PlayLimit(env.clock);
  }

  /** The client with the stream that it last asked for, and that one's query. */
  get facts(): ClientFacts {
    return this.#facts ?? this.client;
  }

  /** Key of the stream that it last asked for. */
  get wanted(): string | undefined {
    return this.#facts && streamKey(this.#facts);
  }

  get publisher(): Publisher | undefined {
    return this.#doing.phase === 'publishing' ? this.#doing.publisher : undefined;
  }

  get player(): Player | undefined {
    return this.#doing.phase === 'playing' ? this.#doing.player : undefined;
  }

  get stream(): LiveStream | undefined {
    return (this.publisher ?? this.player)?.stream;
  }

  get type(): ClientType {
    switch (this.#doing.phase) {
      case 'idle':
        return 'Unknown';
      case 'publishing':
        return this.#doing.publisher.style === 'fmle' ? 'fmle-publish' : 'flash-publish';
      case 'playing':
        return 'Play';
      default:
        return this.#doing satisfies never;
    }
  }

  media(message: WireMessage): void {
    if (this.#doing.phase === 'publishing') this.#doing.publisher.media(message);
    else this.#stray.take(message, this.env.clock.now());
  }

  /** The vhost's settings have changed. */
  reconfigure(vhost: VhostConfig): void {
    if (this.#doing.phase === 'playing') return this.#doing.player.setChunkSize(vhost.chunkSize);
    this.connection.link.setOutChunkSize(vhost.chunkSize);
    this.publisher?.reconfigure(vhost);
  }

  command(message: Command): void {
    switch (this.#doing.phase) {
      case 'idle':
        return this.#idleCommand(message);
      case 'publishing':
        return this.#publishingCommand(this.#doing.publisher, message);
      case 'playing':
        return this.#playingCommand(this.#doing.player, message);
      default:
        this.#doing satisfies never;
    }
  }

  #idleCommand(message: Command): void {
    const { name, transactionId } = message;
    const { link } = this.connection;
    switch (name) {
      case 'createStream':
        return link.send(result(transactionId, STREAM_ID));
      case 'releaseStream':
      case 'FCPublish':
        this.#fmleName ??= streamArgument(message);
        return link.send(result(transactionId, undefined));
      case 'FCUnpublish':
        return link.send(result(transactionId, undefined));
      case 'publish':
        return message.args[1] === false ? undefined : this.#publish(message);
      case 'play':
        return this.#play(message);
      case 'pause':
      case 'closeStream':
      case 'deleteStream':
      case 'onStatus':
        return;
      default:
        answerUnknown(link, message);
    }
  }

  #publishingCommand(publisher: Publisher, message: Command): void {
    if (publisher.command(message)) {
      const stream = publisher.stream.key;
      if (message.name === 'publish' && publisher.refusals === 1)
        this.connection.log.warn({ stream }, 'another publish on the connection is refused, this one goes on');
      return;
    }
    this.stop(message.name);
    publisher.unpublished(message);
    this.#awaitNext(REPUBLISH_WITHIN);
  }

  #playingCommand(player: Player, message: Command): void {
    if (player.command(message)) return;
    this.stop(message.name);
    this.connection.link.watch.startPings(WAKE);
    this.#awaitNext(REPLAY_WITHIN);
  }

  /** The connection may be used for another publish or play. */
  #awaitNext(wait: Ms): void {
    this.#fmleName = undefined;
    this.connection.link.watch.expect('another publish or play', wait);
  }

  #publish(message: Command): void {
    const request: PublishRequest = {
      style: this.#fmleName === undefined ? 'flash' : 'fmle',
      streamId: message.streamId === SPARE_STREAM_ID ? SPARE_STREAM_ID : STREAM_ID,
      names: (argument) => this.#isAskedFor(argument),
    };
    const name = streamArgument(message) || (this.#fmleName ?? '');
    this.#ask('publish', name, {
      granted: (wanted) => this.#publishing(wanted, request),
      refused: (error) => {
        const busy = error instanceof SrsError && error.code === 'STREAM_BUSY';
        this.connection.refuse(error, (why) => publishRefused(busy, why, request.streamId));
      },
    });
  }

  /** By the name in the URL, which the gate may have changed. */
  #isAskedFor(argument: string): boolean {
    try {
      return resolveStream(this.request.url, argument).stream === this.#facts?.stream;
    } catch (error) {
      if (error instanceof SrsError) return false;
      throw error;
    }
  }

  #publishing(wanted: WantedStream, request: PublishRequest): void {
    const { link, id, log } = this.connection;
    const phase = next(this.#doing.phase, 'publish');
    const { stream, vhost } = this.#obtain(wanted);
    try {
      this.env.trail.check(stream.key, this.request.trail);
      const publisher = new Publisher(link, stream, request, vhost, {
        id,
        evicted: (by) => this.#evicted(by, request.streamId),
        complaint: (text) => log.warn({ stream: stream.key }, text),
      });
      this.#doing = { phase, publisher };
    } catch (error) {
      stream.releaseIfIdle();
      throw error;
    }
    link.watch.stopPings();
    this.connection.moved();
    this.#stray.reset();
  }

  #evicted(by: string, streamId: number): void {
    this.connection.questions.stopped(by);
    const reason = new SrsError('PUBLISHER_EVICTED', 'another publisher took the stream over');
    this.connection.link.send(publishRefused(true, reason.message, streamId));
    this.connection.end(reason);
  }

  #play(message: Command): void {
    const duration = message.args[3];
    this.#ask('play', streamArgument(message), {
      granted: (wanted) => this.#playing(wanted, typeof duration === 'number' ? duration : 0),
      refused: (error) => this.connection.refuse(error, playRefused),
    });
  }

  #playing(wanted: WantedStream, duration: number): void {
    const { link, log } = this.connection;
    const phase = next(this.#doing.phase, 'play');
    const { stream } = this.#obtain(wanted);
    const isMultitrack = this.request.isEnhanced || wantsAllTracks(this.#facts?.param ?? '');
    this.#doing = { phase, player: new Player(link, stream, isMultitrack, log) };
    this.connection.moved();
    this.#playLimit.start(stream, duration, () => this.connection.end('the duration that was asked for is over'));
  }

  /** Asks whether the client may use the stream that it names; its own `?vhost=` wins over the connection's (spec/rtmp.md §4). */
  #ask(
    use: 'publish' | 'play',
    argument: string,
    outcome: { granted(wanted: WantedStream): void; refused(error: unknown): void },
  ): void {
    let url: StreamUrl;
    this.#facts = undefined;
    try {
      url = resolveStream(this.request.url, argument);
      const { app, stream, param } = url;
      this.#facts = { ...this.client, vhost: this.connection.vhost(url.vhost).name, app, stream, param };
    } catch (error) {
      return outcome.refused(error);
    }
    const granted = ({ stream }: Decision): void => {
      try {
        outcome.granted(stream === undefined ? url : { ...url, stream: checkName('stream', stream) });
      } catch (error) {
        outcome.refused(error);
      }
    };
    this.connection.questions.use(use, this.#facts, { granted, refused: outcome.refused });
  }

  #obtain(wanted: WantedStream): { stream: LiveStream; vhost: VhostConfig } {
    const { link } = this.connection;
    const vhost = this.connection.vhost(wanted.vhost);
    link.setOutChunkSize(vhost.chunkSize);
    link.setNoDelay(vhost.tcpNodelay);
    const stream = this.env.hub.obtain({ vhost: vhost.name, app: wanted.app, stream: wanted.stream });
    return { stream, vhost };
  }

  /** Ends what is going on; safe at any time, and the only way out of a publish or play. @param cause why. */
  stop(cause: Cause): void {
    this.#playLimit.cancel();
    const doing = this.#doing;
    if (doing.phase !== 'idle') {
      this.#doing = { phase: next(doing.phase, 'stop') };
      if (doing.phase === 'publishing') doing.publisher.stop();
      else doing.player.stop();
      this.connection.moved(cause);
    }
    this.connection.questions.stopped();
  }
}

type WantedStream = Pick<StreamUrl, 'vhost' | 'app' | 'stream'>;

const streamArgument = (message: Command): string => {
  const name = message.args[1];
  return typeof name === 'string' ? name : '';
};
