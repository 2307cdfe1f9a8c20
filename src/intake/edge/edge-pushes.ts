import { RefusedError, SrsError } from '../../kernel/index.js';
import { type LiveStream, type StreamFacts, streamKey } from '../../stream/index.js';
import { EdgePush } from './edge-push.js';
import { edgeOf } from './origins.js';
import type { EdgeEnvironment } from './ports.js';

/** The streams that are published here and belong to an origin (spec/rtmp.md §9). */
export class EdgePushes {
  readonly #pushes = new Map<string, EdgePush>();

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
    const key = streamKey(publisher);
    const push = this.#pushes.get(key) ?? this.#create(key, publisher);
    push.expected.add(publisher.id);
    if (push.hasBegun) return;
    try {
      await push.prepare();
    } catch (error) {
      this.env.failures.push++;
      this.left(publisher.id);
      throw refusalOf(error, push);
    }
  }

  #create(key: string, publisher: StreamFacts): EdgePush {
    const { hub, config } = this.env;
    const vhost = edgeOf(config(), publisher.vhost);
    if (vhost === undefined) throw new RefusedError('VHOST_UNKNOWN', `vhost ${publisher.vhost} is not served any more`);
    const stream = hub.obtain(publisher);
    // Before an origin is asked, which would throw out the one that is live.
    if (stream.publication !== undefined && vhost.publish.policy === 'reject')
      throw new RefusedError('STREAM_BUSY', `stream ${key} already has a publisher`, { stream: key });
    const push = new EdgePush(stream, vhost, publisher, this.env, () => this.#giveUp(push));
    this.#pushes.set(key, push);
    return push;
  }

  /** The publisher must not believe to be live; when it comes again, an origin is asked first. */
  #giveUp(push: EdgePush): void {
    const { stream } = push;
    this.#end(push);
    this.env.clients.get(stream.publication?.owner.id ?? '')?.kick('no origin takes the stream');
  }

  published({ key, publication }: LiveStream): void {
    const push = this.#pushes.get(key);
    // Not for what is pulled, and for what ffmpeg makes here.
    if (push?.expected.delete(publication?.owner.id ?? '') === true) push.published();
  }

  /** A publisher that was let in is gone; nothing happens if it has begun. */
  left(id: string): void {
    for (const push of this.#pushes.values())
      if (push.expected.delete(id) && push.expected.size === 0 && !push.hasBegun) this.#end(push);
  }

  ended(stream: LiveStream): void {
    const push = this.#pushes.get(stream.key);
    if (push === undefined) return;
    if (push.expected.size > 0) push.keep();
    else this.#end(push);
  }

  #end(push: EdgePush): void {
    this.#pushes.delete(push.stream.key);
    void push.stop();
  }

  /** Tells the origins that the streams end. Resolves when the connections are gone. */
  async close(): Promise<void> {
    const all = [...this.#pushes.values()];
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
