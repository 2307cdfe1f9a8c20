import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { type Ms, ms, type Payload } from '../core/index.js';
import { ProtocolError, RefusedError, SrsError, type Timer } from '../kernel/index.js';
import { decodeAmf0 } from '../protocol/amf/index.js';
import { FlvReader, type FlvTag, TagType } from '../protocol/flv/index.js';
import { type Client, type Publication, type StreamFacts, streamKey } from '../stream/index.js';
import { factsOf, type LiveRequest } from './live-request.js';
import { refuseForeignPublisher } from './origin.js';
import type { HttpEnvironment } from './ports.js';

/** Long enough to read what has come. */
const ONE_TURN = ms(100);

/** A publisher that sends FLV in the body of a POST, or in WebSocket messages. */
export class FlvPush implements Client {
  readonly viewer = undefined;
  readonly type = 'flv-publish';
  readonly since = Date.now();
  readonly bytesOut = 0;
  bytesIn = 0;
  readonly #reader = new FlvReader();
  #publication: Publication | undefined;
  #ended = false;
  #hasBegun = false;
  #silence: Timer | undefined;
  /** Id of the client that took the stream over. */
  #replacedBy: string | undefined;

  private constructor(
    private readonly env: HttpEnvironment,
    readonly facts: StreamFacts,
    private readonly request: LiveRequest,
    private readonly close: (why: SrsError) => void,
  ) {}

  /**
   * Asks the gate and takes the stream's lock.
   * @param close ends the connection of the encoder, with the reason.
   * @returns undefined when the encoder left meanwhile. @throws {RefusedError}
   */
  static async open(
    env: HttpEnvironment,
    request: LiveRequest,
    message: IncomingMessage,
    close: (why: SrsError) => void,
  ): Promise<FlvPush | undefined> {
    if (!request.vhost.httpRemux.publish) throw new RefusedError('PUBLISH_OFF', 'nobody may publish over HTTP here');
    refuseForeignPublisher(message, env);
    const asked = factsOf(request, 'flv', message, env.config().trustedProxies);
    const decision = await env.gate.publish(asked);
    const facts = decision.stream === undefined ? asked : { ...asked, stream: decision.stream };
    if (message.socket.destroyed) {
      env.gate.unpublished(facts);
      return undefined;
    }
    const push = new FlvPush(env, facts, request, close);
    try {
      // Whoever is live gives way to a stream, not to a request: anybody's web page can send an empty one.
      if (env.hub.get(push.streamKey)?.isLive !== true || request.vhost.publish.policy === 'reject') push.#begin();
      else push.#expect(request.vhost.publish.firstPacketTimeout);
    } catch (error) {
      env.gate.unpublished(facts);
      throw error;
    }
    return push;
  }

  get streamKey(): string {
    return streamKey(this.facts);
  }

  /** The configuration changed. */
  reconfigure(): void {
    if (!this.#mayPublish()) this.kick('nobody may publish over HTTP here any more');
  }

  #mayPublish(): boolean {
    const vhost = this.env.config().vhosts.get(this.facts.vhost);
    return vhost?.enabled === true && vhost.httpRemux.enabled && vhost.httpRemux.publish;
  }

  /** @throws {RefusedError} */
  #begin(): void {
    if (!this.#mayPublish()) throw new RefusedError('PUBLISH_OFF', 'nobody may publish over HTTP here any more');
    const stream = this.env.hub.obtain(this.facts);
    try {
      this.#publication = stream.publish({
        id: this.facts.id,
        evicted: (by) => {
          this.#replacedBy = by;
          this.#fail(new SrsError('PUBLISHER_EVICTED', 'another publisher took the stream over'));
        },
        complaint: (text) => this.#log().warn({ stream: this.streamKey }, text),
      });
    } finally {
      if (this.#publication === undefined) stream.releaseIfIdle();
    }
    this.env.clients.add(this);
    this.#log().info({ stream: this.streamKey }, 'publish started');
    this.#expect(this.request.vhost.publish.firstPacketTimeout);
  }

  #log() {
    return this.env.log.child({ conn: this.facts.id, peer: this.facts.ip, protocol: 'flv' });
  }

  /** A tag has come. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Bytes of the FLV stream, in any slices. @throws {ProtocolError} FLV_SYNTAX @throws {RefusedError} STREAM_BUSY */
  take(bytes: Buffer): void {
    if (this.#ended) return;
    this.bytesIn += bytes.length;
    const tags = this.#reader.push(bytes);
    if (tags.length > 0) this.#hasBegun = true;
    if (this.#publication === undefined && this.#hasBegun) this.#begin();
    const publication = this.#publication;
    if (publication === undefined) return;
    for (const tag of tags) publish(publication, tag);
    if (tags.length === 0) return;
    publication.settle();
    this.#expect(this.request.vhost.publish.normalTimeout);
  }

  #expect(within: Ms): void {
    this.#silence?.cancel();
    const { clock } = this.env;
    const over = () => this.#fail(new SrsError('TIMEOUT', `peer did not send a tag within ${within} ms`));
    // Where the process stood still, what came meanwhile is read first.
    this.#silence = clock.after(ms(within), () => {
      this.#silence = clock.after(ONE_TURN, over);
    });
  }

  kick(reason: string): void {
    this.#fail(new RefusedError('CLOSED', reason));
  }

  #fail(why: SrsError): void {
    if (this.#ended) return;
    this.#log().warn({ stream: this.streamKey, code: why.code }, `publish ended: ${why.message}`);
    this.end();
    this.close(why);
  }

  /** Releases the stream; safe to call twice. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#silence?.cancel();
    this.env.gate.unpublished(this.facts, this.#replacedBy);
    if (this.#publication === undefined) return;
    this.#publication.release();
    this.env.clients.remove(this);
    this.#log().info({ stream: this.streamKey, bytesIn: this.bytesIn }, 'publish ended');
  }
}

function publish(publication: Publication, { type: kind, timestamp, payload }: FlvTag): void {
  switch (kind) {
    case TagType.audio:
      return publication.media('audio', timestamp, payload);
    case TagType.video:
      return publication.media('video', timestamp, payload);
    case TagType.script:
      return publishData(publication, payload);
    default:
      kind satisfies never;
  }
}

/** What is not named can not be relayed, and costs nobody his connection. */
function publishData(publication: Publication, payload: Payload): void {
  const { value } = decodeAmf0(payload, 0);
  if (typeof value === 'string') publication.data(value, payload);
}

/** Reads the body of a POST to its end. @throws {SrsError} what ended it. */
export function readBody(body: Readable, push: FlvPush): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    body.on('data', (bytes: Buffer) => {
      try {
        push.take(bytes);
      } catch (error) {
        reject(error instanceof Error ? error : new ProtocolError('FLV_SYNTAX', String(error)));
      }
    });
    body.once('end', () => {
      if (push.hasBegun) resolve();
      else reject(new ProtocolError('FLV_SYNTAX', 'the body has no FLV tag'));
    });
    body.once('close', resolve);
    body.once('error', resolve);
  }).finally(() => push.end());
}
