import { RefusedError, SrsError } from '../../kernel/index.js';
import { type LiveStream, type StreamFacts, streamKey } from '../../stream/index.js';
import { EdgePush } from './edge-push.js';
import { edgeOf } from './origins.js';
import type { EdgeEnvironment } from './ports.js';

/** The streams that are published here and belong to an origin (spec/rtmp.md §9). */
export class EdgePushes {
  readonly #pushes = new Map<string, EdgePush>();
  /** Each waits for an origin to say whether it may take the place of another one. */
  readonly #rivals = new Set<EdgePush>();

  constructor(private readonly env: EdgeEnvironment) {}

  [Symbol.iterator](): IterableIterator<EdgePush> {
    return this.#pushes.values();
  }

  /** @returns undefined: the stream is not pushed. */
  of(key: string): EdgePush | undefined {
    return this.#pushes.get(key);
  }

  /**
   * A publisher asks for a stream of an edge: an origin must take it. One that comes back finds its push still there.
   * @throws {RefusedError} STREAM_BUSY, ORIGIN_REFUSED, ORIGIN_UNREACHABLE
   */
  async admit(publisher: StreamFacts): Promise<void> {
    const known = this.#pushes.get(streamKey(publisher));
    if (known !== undefined && !known.isFor(publisher)) return this.#admitRival(known, publisher);
    const push = known ?? this.#create(publisher);
    this.#pushes.set(push.stream.key, push);
    push.expected.add(publisher.id);
    if (push.hasBegun) return;
    try {
      await push.prepare();
    } catch (error) {
      this.left(publisher.id);
      throw this.#refusal(error, push);
    }
  }

  /** It comes with another query, so what the origin said before does not count: it may be one without the key. */
  async #admitRival(known: EdgePush, publisher: StreamFacts): Promise<void> {
    if (known.hasBegun && known.stream.publication === undefined) {
      // Nobody loses by it, and an origin that takes no second publisher has room.
      await this.#end(known);
      return this.admit(publisher);
    }
    const push = this.#create(publisher);
    push.isRival = true;
    this.#rivals.add(push);
    try {
      await push.prepare();
    } catch (error) {
      void push.stop();
      throw this.#refusal(error, push);
    } finally {
      this.#rivals.delete(push);
    }
    // The origin has closed its connection already.
    const former = this.#pushes.get(push.stream.key);
    if (former !== undefined) void this.#end(former);
    push.expected.add(publisher.id);
    this.#pushes.set(push.stream.key, push);
  }

  #create(publisher: StreamFacts): EdgePush {
    const { hub, config } = this.env;
    const vhost = edgeOf(config(), publisher.vhost);
    if (vhost === undefined) throw new RefusedError('VHOST_UNKNOWN', `vhost ${publisher.vhost} is not served any more`);
    const stream = hub.obtain(publisher);
    // Before an origin is asked, which would throw out the one that is live.
    if (stream.publication !== undefined && vhost.publish.policy === 'reject')
      throw new RefusedError('STREAM_BUSY', `stream ${stream.key} already has a publisher`, { stream: stream.key });
    const push: EdgePush = new EdgePush(stream, vhost, publisher, this.env, () => this.#giveUp(push));
    return push;
  }

  #refusal(error: unknown, push: EdgePush): RefusedError {
    this.env.failures.push++;
    return refusalOf(error, push);
  }

  /** The publisher must not believe to be live; when it comes again, an origin is asked first. */
  #giveUp(push: EdgePush): void {
    const { stream } = push;
    void this.#end(push);
    this.env.clients.get(stream.publication?.owner.id ?? '')?.kick('no origin takes the stream');
  }

  published({ key, publication }: LiveStream): void {
    const push = this.#pushes.get(key);
    // Not for what is pulled, and for what ffmpeg makes here.
    if (push?.expected.delete(publication?.owner.id ?? '') === true) push.published();
  }

  /** A publisher that was let in is gone; nothing happens if it has begun. */
  left(id: string): void {
    for (const push of this.#pushes.values()) {
      if (!push.expected.delete(id) || push.expected.size > 0 || push.hasBegun) continue;
      // The origin has thrown out whom it would have replaced, who must not believe to be live.
      if (push.isRival) this.#giveUp(push);
      else void this.#end(push);
    }
  }

  ended(stream: LiveStream): void {
    const push = this.#pushes.get(stream.key);
    if (push === undefined) return;
    if (push.expected.size > 0) push.keep();
    else void this.#end(push);
  }

  /** Resolves when its connection is gone. */
  #end(push: EdgePush): Promise<void> {
    const { key } = push.stream;
    if (this.#pushes.get(key) === push) this.#pushes.delete(key);
    return push.stop();
  }

  /** Tells the origins that the streams end. Resolves when the connections are gone. */
  async close(): Promise<void> {
    const all = [...this.#pushes.values(), ...this.#rivals];
    this.#pushes.clear();
    await Promise.all(all.map((push) => push.stop()));
  }
}

/** What the publisher is told: what an origin said, but not where it is. */
function refusalOf(error: unknown, { task }: EdgePush): RefusedError {
  if (!(error instanceof SrsError)) throw error;
  const context = { to: task.status.to, said: task.status.lastError };
  if (!(error instanceof RefusedError))
    return new RefusedError('ORIGIN_UNREACHABLE', 'no origin can be reached', context, { cause: error });
  if (error.code !== 'REMOTE_REFUSED') return error;
  const code = error.context.code === 'NetStream.Publish.BadName' ? 'STREAM_BUSY' : 'ORIGIN_REFUSED';
  return new RefusedError(code, error.message.replace('the server', 'the origin'), context, { cause: error });
}
