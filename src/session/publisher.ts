import type { VhostConfig } from '../config/index.js';
import { ms } from '../core/index.js';
import type { RtmpLink } from '../link/index.js';
import { MessageType, parseMessage, splitAggregate, type WireMessage } from '../protocol/rtmp/index.js';
import type { LiveStream, Publication, PublishOwner } from '../stream/index.js';
import type { Command } from './connect.js';
import { fcUnpublishResult, onFcPublish, onFcUnpublish, publishStart, unpublishSuccess } from './statuses.js';

/** How the encoder speaks: FMLE announces itself with FCPublish, Flash does not (rtmp.md §7.3, §7.4). */
export type PublishStyle = 'fmle' | 'flash';

/** The publishing half of a connection, from `publish` to its end. */
export class Publisher {
  readonly publication: Publication;
  #gotMedia = false;
  messages = 0;

  /** @throws {RefusedError} STREAM_BUSY */
  constructor(
    private readonly link: RtmpLink,
    readonly stream: LiveStream,
    readonly style: PublishStyle,
    private vhost: VhostConfig,
    owner: PublishOwner,
  ) {
    this.publication = stream.publish(owner);
    if (style === 'fmle') link.send(onFcPublish());
    link.send(publishStart());
    this.reconfigure(vhost);
  }

  /** Timeouts and merged read as the vhost has them now. */
  reconfigure(vhost: VhostConfig): void {
    const { firstPacketTimeout, normalTimeout, mr, mrLatency } = vhost.publish;
    this.vhost = vhost;
    this.link.expectMessages(this.#gotMedia ? normalTimeout : firstPacketTimeout);
    this.link.mergeReads(mr && !vhost.minLatency ? mrLatency : ms(0));
  }

  /** Audio, video, aggregates and data. */
  media(message: WireMessage): void {
    if (!this.#gotMedia) {
      this.#gotMedia = true;
      this.link.expectMessages(this.vhost.publish.normalTimeout);
    }
    this.messages++;
    switch (message.type) {
      case MessageType.audio:
        return this.publication.media('audio', message.timestamp, message.payload);
      case MessageType.video:
        return this.publication.media('video', message.timestamp, message.payload);
      case MessageType.aggregate:
        for (const part of splitAggregate(message)) this.media(part);
        return;
      default: {
        const parsed = parseMessage(message);
        if (parsed.kind === 'data') this.publication.data(parsed.name, parsed.payload);
      }
    }
  }

  settled(): void {
    this.publication.settle();
  }

  /** @returns whether this call ends the publish; then `unpublished` is due. */
  ends(message: Command): boolean {
    if (this.style === 'flash') return true;
    return ['FCUnpublish', 'closeStream', 'deleteStream', 'releaseStream', 'FCPublish'].includes(message.name);
  }

  /** Tells an FMLE encoder that its stream is unpublished. */
  unpublished(message: Command): void {
    if (this.style === 'flash' || message.name === 'deleteStream' || message.name === 'closeStream') return;
    this.link.send(onFcUnpublish());
    this.link.send(fcUnpublishResult(message.transactionId));
    this.link.send(unpublishSuccess());
  }

  stop(): void {
    this.link.expectMessages(ms(0));
    this.link.mergeReads(ms(0));
    this.publication.release();
  }
}
