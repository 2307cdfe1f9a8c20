import type { VhostConfig } from '../config/index.js';
import { ms } from '../core/index.js';
import type { RtmpLink } from '../link/index.js';
import type { AmfValue } from '../protocol/amf/index.js';
import { bringsFrame } from '../protocol/flv/index.js';
import { MessageType, parseMessage, splitAggregate, type WireMessage } from '../protocol/rtmp/index.js';
import type { LiveStream, Publication, PublishOwner } from '../stream/index.js';
import type { Command } from './connect.js';
import {
  fcUnpublishResult,
  nameRefused,
  onFcPublish,
  onFcUnpublish,
  playFailed,
  publishRefused,
  publishStart,
  result,
  SPARE_STREAM_ID,
  STREAM_ID,
  unpublishSuccess,
} from './statuses.js';
import { answerUnknown } from './unknown-call.js';

/** How the encoder speaks: FMLE announces itself with FCPublish, Flash does not (spec/rtmp.md §7.3, §7.4). */
export type PublishStyle = 'fmle' | 'flash';

/** How the client asked for its publish. */
export interface PublishRequest {
  readonly style: PublishStyle;
  /** Message stream of the command; answers go there. */
  readonly streamId: number;
  /** Whether this argument of a later command means the stream that was asked for. */
  names(argument: string): boolean;
}

const ONE_STREAM = 'one stream per connection';

/** The publishing half of a connection, from `publish` to its end. */
export class Publisher {
  readonly publication: Publication;
  #gotFrame = false;
  /** A message stream that the client has besides: what it sends there is not of this publish. */
  #otherStreamId: number | undefined;
  messages = 0;
  /** Times that the client asked for another publish meanwhile. */
  refusals = 0;

  /** @throws {RefusedError} STREAM_BUSY */
  constructor(
    private readonly link: RtmpLink,
    readonly stream: LiveStream,
    readonly request: PublishRequest,
    private vhost: VhostConfig,
    owner: PublishOwner,
  ) {
    this.publication = stream.publish(owner);
    const { style, streamId } = request;
    if (streamId !== STREAM_ID) this.#otherStreamId = STREAM_ID;
    if (style === 'fmle') link.send(onFcPublish(streamId));
    link.send(publishStart(streamId));
    this.reconfigure(vhost);
  }

  get style(): PublishStyle {
    return this.request.style;
  }

  /** Timeouts and merged read as the vhost has them now. */
  reconfigure(vhost: VhostConfig): void {
    const { firstPacketTimeout, normalTimeout, mr, mrLatency } = vhost.publish;
    this.vhost = vhost;
    this.link.watch.expectMessages(this.#gotFrame ? normalTimeout : firstPacketTimeout);
    this.link.mergeReads(mr && !vhost.minLatency ? mrLatency : ms(0));
  }

  /** Audio, video, aggregates and data. */
  media(message: WireMessage): void {
    if (message.streamId === this.#otherStreamId) return;
    this.messages++;
    switch (message.type) {
      case MessageType.audio:
        return this.#frame('audio', message);
      case MessageType.video:
        return this.#frame('video', message);
      case MessageType.aggregate:
        for (const part of splitAggregate(message)) this.media(part);
        return;
      default: {
        const parsed = parseMessage(message);
        if (parsed.kind === 'data') this.publication.data(parsed.name, parsed.payload);
      }
    }
  }

  #frame(kind: 'audio' | 'video', { timestamp, payload }: WireMessage): void {
    // ffmpeg describes its tracks and then holds one back until the other begins, for up to 10 s.
    if (!this.#gotFrame && bringsFrame(kind, payload)) {
      this.#gotFrame = true;
      this.link.watch.expectMessages(this.vhost.publish.normalTimeout);
    }
    this.publication.media(kind, timestamp, payload);
  }

  settled(): void {
    this.publication.settle();
  }

  /** Calls that do not end the publish are answered. @returns false for one that ends it; then `unpublished` is due. */
  command(message: Command): boolean {
    if (this.#ends(message)) return false;
    const { link } = this;
    const { name, transactionId, args } = message;
    const streamId = message.streamId === this.#otherStreamId ? message.streamId : this.request.streamId;
    switch (name) {
      case 'createStream':
        this.#otherStreamId = this.request.streamId === STREAM_ID ? SPARE_STREAM_ID : STREAM_ID;
        link.send(result(transactionId, this.#otherStreamId));
        break;
      case 'publish':
        this.refusals++;
        link.send(publishRefused(true, ONE_STREAM, streamId));
        break;
      case 'play':
        link.send(playFailed(ONE_STREAM, streamId));
        break;
      case 'releaseStream':
      case 'FCPublish':
        if (this.#means(args[1])) answerUnknown(link, message);
        else link.send(nameRefused(transactionId, ONE_STREAM));
        break;
      default:
        answerUnknown(link, message);
    }
    return true;
  }

  #ends({ name, streamId, args }: Command): boolean {
    switch (name) {
      case 'closeStream':
        return streamId !== this.#otherStreamId;
      case 'publish': // `publish(false)` of Flash
        return args[1] === false && streamId !== this.#otherStreamId;
      case 'deleteStream':
        return typeof args[1] !== 'number' || args[1] === this.request.streamId;
      case 'FCUnpublish':
        return this.#means(args[1]);
      case 'releaseStream': // an FMLE encoder that starts over
        return this.request.style === 'fmle' && this.#means(args[1]);
      default:
        return false;
    }
  }

  /** Whether this name in a command is that of the publish; without one there is no other to mean. */
  #means(name: AmfValue | undefined): boolean {
    return typeof name !== 'string' || name === '' || this.request.names(name);
  }

  /** Tells the client that its stream is unpublished, if it asked in a way that waits for that. */
  unpublished({ name, transactionId }: Command): void {
    if (name === 'deleteStream' || name === 'closeStream') return;
    const { link } = this;
    const { streamId } = this.request;
    if (name !== 'publish') {
      link.send(onFcUnpublish(streamId));
      link.send(fcUnpublishResult(transactionId, streamId));
    }
    link.send(unpublishSuccess(streamId));
  }

  stop(): void {
    this.link.watch.expectMessages(ms(0));
    this.link.mergeReads(ms(0));
    this.publication.release();
  }
}
