import type { VhostConfig } from '../../config/index.js';
import { ms, secondsToMs } from '../../core/index.js';
import type { Timer } from '../../kernel/index.js';
import { withoutVhost } from '../../protocol/rtmp/index.js';
import { leadsBack, PushTask, upstreamIdentity } from '../../relay/index.js';
import type { ClientFacts, FrameConsumer, LiveStream } from '../../stream/index.js';
import type { EdgeStatus } from './edge-status.js';
import { edgeOf, upstreamsOf } from './origins.js';
import type { EdgeEnvironment } from './ports.js';

/** An encoder waits meanwhile, so origins that restart are found soon. */
const RETRY = { first: ms(500), cap: ms(2000) } as const;
/** Each step of a connection may take so long (spec/rtmp.md §9). */
const TIMEOUT = ms(3000);
/** An encoder is told by then whether it may publish. */
const LIMIT = ms(10_000);

/** One stream that is published here and pushed to an origin, over republishes and over restarts of the origin. */
export class EdgePush {
  readonly task: PushTask;
  /** It takes the place of another one, whose publisher may still be there. */
  isRival = false;
  /** Ids of publishers that were let in and have not begun yet. */
  readonly expected = new Set<string>();
  /** Takes nothing from the stream, and keeps it from being forgotten before its publisher comes. */
  readonly #keeper: FrameConsumer = { onFrame: () => undefined };
  #preparing: Promise<void> | undefined;
  #hasBegun = false;
  /** No origin takes the stream: the publisher is closed in the end. */
  #patience: Timer | undefined;

  /**
   * @param publisher the first one. @param givenUp no origin has taken the stream for as long as a stream waits for its
   * publisher (`publish { grace }`).
   */
  constructor(
    readonly stream: LiveStream,
    private vhost: VhostConfig,
    private readonly publisher: ClientFacts,
    private readonly env: EdgeEnvironment,
    private readonly givenUp: () => void,
  ) {
    const { clock, log, deadlines, trail, config } = env;
    this.task = new PushTask(stream, () => upstreamsOf(this.#settings, stream.name, this.#current.param), {
      what: 'edge push',
      retry: RETRY,
      timeout: TIMEOUT,
      clock,
      log: log.child({ stream: stream.key }),
      deadlines,
      chunkSize: () => this.#settings.chunkSize,
      trail: () => trail.onward(stream.key, this.#current.trail),
      identity: () => (this.#settings.cluster.debugSrsUpnode ? upstreamIdentity(this.#current.id) : undefined),
      leadsBack: (to) => leadsBack(to, stream.name, config()),
      tls: async () => ({}),
      changed: (state) => {
        if (state === 'retrying') env.failures.push++;
        this.#watch(state === 'live' || state === 'idle');
      },
    });
    this.keep();
  }

  /** Those of its vhost now; the last ones, where that is not served any more. */
  get #settings(): VhostConfig {
    this.vhost = edgeOf(this.env.config(), this.stream.name.vhost) ?? this.vhost;
    return this.vhost;
  }

  /** The stream is there when its publisher comes. */
  keep(): void {
    this.stream.addConsumer(this.#keeper);
  }

  /** It is published here, or its publisher left so shortly ago that he may come back. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether an origin that took the stream has decided about this publisher too: it decides by the query. */
  isFor({ param }: ClientFacts): boolean {
    return withoutVhost(param) === withoutVhost(this.publisher.param);
  }

  /** Who publishes now; before that, who wants to: until then the stream may be pulled. */
  get #current(): ClientFacts {
    if (!this.#hasBegun) return this.publisher;
    return this.env.clients.get(this.stream.publication?.owner.id ?? '')?.facts ?? this.publisher;
  }

  /** Resolves when an origin has taken the stream. @throws {SrsError} none did. */
  async prepare(): Promise<void> {
    if (this.task.status.state === 'live') return;
    this.#preparing ??= this.task.prepare(LIMIT).finally(() => {
      this.#preparing = undefined;
    });
    await this.#preparing;
  }

  /** The publisher has begun, for the first time or again. */
  published(): void {
    this.#hasBegun = true;
    this.task.published();
    this.stream.removeConsumer(this.#keeper);
  }

  #watch(isWell: boolean): void {
    if (isWell) {
      this.#patience?.cancel();
      this.#patience = undefined;
    } else
      this.#patience ??= this.env.clock.after(secondsToMs(this.#settings.publish.grace), () => {
        this.#patience = undefined;
        if (this.#hasBegun && this.stream.publication !== undefined) this.givenUp();
      });
  }

  /** Resolves when its socket is gone. */
  stop(): Promise<void> {
    this.#watch(true);
    this.stream.removeConsumer(this.#keeper);
    return this.task.stop();
  }

  get status(): EdgeStatus {
    const { stream, to, state, since, bytes, reconnects, failures, lastError } = this.task.status;
    return { role: 'push', stream, upstream: to, state, since, bytes, reconnects, failures, lastError };
  }
}
