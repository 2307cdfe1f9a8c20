import { isDestination } from '../../config/index.js';
import { ms } from '../../core/index.js';
import { RefusedError, type Timer } from '../../kernel/index.js';
import type { Destination, PushStatus, PushTask } from '../../relay/index.js';
import type { LiveStream } from '../../stream/index.js';
import type { ForwardEnvironment } from './ports.js';
import { StreamForwards } from './stream-forwards.js';

const SAMPLE = ms(2500);
/** That the operator may add to one stream. */
const MAX_PER_STREAM = 100;

/** The forwards of all live streams (spec/rtmp.md §11), and what an operator may see and do of them. */
export class ForwardOutputs {
  readonly #streams = new Map<LiveStream, StreamForwards>();
  readonly #unobserve: () => void;
  readonly #sampler: Timer;

  constructor(private readonly env: ForwardEnvironment) {
    this.#unobserve = env.hub.observe({
      published: (stream) => this.#obtain(stream).published(),
      unpublished: (stream) => this.#streams.get(stream)?.unpublished(),
      ended: (stream) => void this.#end(stream),
    });
    this.#sampler = env.clock.every(SAMPLE, () => {
      for (const forwarder of this) forwarder.sample();
    });
  }

  *[Symbol.iterator](): Iterator<PushTask> {
    for (const { forwarders } of this.#streams.values()) yield* forwarders;
  }

  #obtain(stream: LiveStream): StreamForwards {
    const forwards =
      this.#streams.get(stream) ?? new StreamForwards(stream, this.env, (to) => this.#takenBy(to, stream));
    this.#streams.set(stream, forwards);
    return forwards;
  }

  /** Two streams of one name at a server would throw each other out: the first keeps the destination. */
  #takenBy({ url }: Destination, stream: LiveStream): string | undefined {
    for (const [other, { forwarders }] of this.#streams)
      if (other !== stream)
        for (const { destination, isUp } of forwarders) if (destination.url === url && isUp) return other.key;
    return undefined;
  }

  // ---- the operator

  /** @param streamKey of one stream; left out: of all. */
  list(streamKey?: string): readonly PushStatus[] {
    if (streamKey === undefined) return [...this].map(({ status }) => status);
    const stream = this.env.hub.get(streamKey);
    const forwards = stream === undefined ? undefined : this.#streams.get(stream);
    return [...(forwards?.forwarders ?? [])].map(({ status }) => status);
  }

  /** Adds a destination to a live stream until that ends. @throws {RefusedError} FORWARD_REFUSED */
  add(streamKey: string, destination: string): PushStatus {
    const stream = this.env.hub.get(streamKey);
    if (stream?.isLive !== true) throw new RefusedError('FORWARD_REFUSED', 'there is no such live stream');
    if (!isDestination(destination))
      throw new RefusedError('FORWARD_REFUSED', 'a destination is host[:port] or rtmp(s)://host[:port]/app/stream');
    if (this.list(streamKey).length >= MAX_PER_STREAM)
      throw new RefusedError('FORWARD_REFUSED', `a stream has at most ${MAX_PER_STREAM} destinations`);
    const added = this.#obtain(stream).add(destination);
    if (added === undefined)
      throw new RefusedError('FORWARD_REFUSED', 'the vhost of the stream is not served any more');
    return added.status;
  }

  /** @returns its state then; undefined: there is no such forward. */
  pause(id: string): PushStatus | undefined {
    const forwarder = this.#find(id)?.[1];
    forwarder?.pause();
    return forwarder?.status;
  }

  resume(id: string): PushStatus | undefined {
    const forwarder = this.#find(id)?.[1];
    forwarder?.resume();
    return forwarder?.status;
  }

  /** Until the stream ends, even if the configuration has it. @returns whether there was such a forward. */
  remove(id: string): boolean {
    const found = this.#find(id);
    found?.[0].remove(found[1]);
    return found !== undefined;
  }

  #find(id: string): [StreamForwards, PushTask] | undefined {
    for (const forwards of this.#streams.values())
      for (const forwarder of forwards.forwarders) if (forwarder.id === id) return [forwards, forwarder];
    return undefined;
  }

  // ---- the server

  /** The configuration changed: live streams get new destinations and lose others. */
  reconfigure(): void {
    for (const forwards of this.#streams.values()) forwards.reconfigure();
  }

  async #end(stream: LiveStream): Promise<void> {
    const forwards = this.#streams.get(stream);
    this.#streams.delete(stream);
    await forwards?.stop();
  }

  /** Tells all destinations that the streams end. Resolves when their connections are gone. */
  async close(): Promise<void> {
    this.#unobserve();
    this.#sampler.cancel();
    await Promise.all([...this.#streams.keys()].map((stream) => this.#end(stream)));
  }
}
