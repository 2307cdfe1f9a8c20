import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { type Ms, ms, type Payload } from '../core/index.js';
import { type Cause, causeOf, ProtocolError, RefusedError, SrsError, type Timer } from '../kernel/index.js';
import { readDataName } from '../protocol/amf/index.js';
import { bringsFrame, FlvReader, type FlvTag, TagType } from '../protocol/flv/index.js';
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
  readonly since: number;
  readonly bytesOut = 0;
  bytesIn = 0;
  readonly #reader = new FlvReader();
  #publication: Publication | undefined;
  #ended = false;
  #hasBegun = false;
  #gotFrame = false;
  #silence: Timer | undefined;
  /** Id of the client that took the stream over. */
  #replacedBy: string | undefined;

  private constructor(
    private readonly env: HttpEnvironment,
    readonly facts: StreamFacts,
    private readonly request: LiveRequest,
    private readonly close: (why: SrsError) => void,
  ) {
    this.since = env.clock.wall();
  }

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
    const asked = factsOf(request, 'flv', message, env.config().trustedProxies);
    const decision = await FlvPush.#ask(env, request, message, asked).catch((error: unknown) => {
      env.refusals.report(asked, error);
      throw error;
    });
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
      push.end(causeOf(error));
      throw error;
    }
    return push;
  }

  /** @throws {RefusedError} */
  static async #ask(env: HttpEnvironment, { vhost }: LiveRequest, message: IncomingMessage, asked: StreamFacts) {
    if (!vhost.httpRemux.publish) throw new RefusedError('PUBLISH_OFF', 'nobody may publish over HTTP here');
    refuseForeignPublisher(message);
    return env.gate.publish(asked);
  }

  get streamKey(): string {
    return streamKey(this.facts);
  }

  /** The configuration changed. */
  reconfigure(): void {
    if (!this.#mayPublish()) this.#fail(publishOff());
  }

  #mayPublish(): boolean {
    const vhost = this.env.config().vhosts.get(this.facts.vhost);
    return vhost?.enabled === true && vhost.httpRemux.enabled && vhost.httpRemux.publish;
  }

  /** @throws {RefusedError} */
  #begin(): void {
    if (!this.#mayPublish()) throw publishOff();
    const stream = this.env.hub.obtain(this.facts);
    try {
      this.#publication = stream.publish({
        id: this.facts.id,
        evicted: (by) => {
          this.#replacedBy = by;
          this.#fail(new SrsError('PUBLISHER_EVICTED', 'another publisher took the stream over'));
        },
        complaint: (text) => this.#complain(text),
      });
    } finally {
      if (this.#publication === undefined) stream.releaseIfIdle();
    }
    this.env.clients.add(this);
    this.#expect(this.request.vhost.publish.firstPacketTimeout);
  }

  #complain(text: string): void {
    const { id, peer, protocol } = this.facts;
    this.env.log.warn({ conn: id, peer, protocol, stream: this.streamKey }, text);
  }

  /** A tag has come. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Bytes of the FLV stream, in any slices. @throws {ProtocolError} FLV_SYNTAX @throws {RefusedError} STREAM_BUSY */
  take(bytes: Buffer): void {
    if (this.#ended) return;
    const tags = this.#reader.push(bytes);
    if (tags.length > 0) this.#hasBegun = true;
    if (this.#publication === undefined && this.#hasBegun) this.#begin();
    this.bytesIn += bytes.length;
    const publication = this.#publication;
    if (publication === undefined) return;
    for (const tag of tags) publish(publication, tag);
    if (tags.length === 0) return;
    publication.settle();
    this.#gotFrame ||= tags.some(isFrame);
    const { firstPacketTimeout, normalTimeout } = this.request.vhost.publish;
    this.#expect(this.#gotFrame ? normalTimeout : firstPacketTimeout);
  }

  #expect(within: Ms): void {
    this.#silence?.cancel();
    const { clock } = this.env;
    const over = () => this.#fail(new SrsError('TIMEOUT', `peer did not send a tag within ${within} ms`));
    // Where the process stood still, what came meanwhile is read first.
    this.#silence = clock.after(within, () => {
      this.#silence = clock.after(ONE_TURN, over);
    });
  }

  kick(reason: string): void {
    this.#fail(new RefusedError('KICKED', reason));
  }

  #fail(why: SrsError): void {
    if (this.#ended) return;
    this.end(why);
    this.close(why);
  }

  /** Releases the stream; safe to call twice. @param cause why; none when the encoder has sent all that it wanted. */
  end(cause?: Cause): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#silence?.cancel();
    this.env.gate.unpublished(this.facts, this.#replacedBy);
    if (this.#publication === undefined) return this.env.refusals.report(this.facts, cause);
    this.#publication.release();
    this.env.clients.remove(this, cause);
  }
}

const publishOff = (): RefusedError => new RefusedError('PUBLISH_OFF', 'nobody may publish over HTTP here any more');

const isFrame = ({ type, payload }: FlvTag): boolean =>
  type !== TagType.script && bringsFrame(type === TagType.video ? 'video' : 'audio', payload);

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

/** What is not named cannot be relayed, and costs nobody his connection. */
function publishData(publication: Publication, payload: Payload): void {
  const name = readDataName(payload, 0);
  if (name !== undefined) publication.data(name, payload);
}

/** Reads the body of a POST to its end. @throws {SrsError} what ended it. */
export async function readBody(body: Readable, push: FlvPush): Promise<void> {
  try {
    push.end(await endOf(body, push));
  } catch (error) {
    push.end(causeOf(error));
    throw error;
  }
}

/** @returns how its connection was lost, if it was. @throws {SrsError} */
const endOf = (body: Readable, push: FlvPush): Promise<Cause> =>
  new Promise((resolve, reject) => {
    body.on('data', (bytes: Buffer) => {
      try {
        push.take(bytes);
      } catch (error) {
        reject(error instanceof Error ? error : new ProtocolError('FLV_SYNTAX', String(error)));
      }
    });
    body.once('end', () => {
      if (push.hasBegun) resolve(undefined);
      else reject(new ProtocolError('FLV_SYNTAX', 'the body has no FLV tag'));
    });
    body.once('error', resolve);
    body.once('close', () => resolve(undefined));
  });
