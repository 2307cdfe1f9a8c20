import { type Gate, type StreamName, streamKey } from '../../stream/index.js';
import { EdgeGate } from './edge-gate.js';
import { EdgePulls } from './edge-pulls.js';
import { EdgePushes } from './edge-pushes.js';
import type { EdgeStatus } from './edge-status.js';
import { nameOf } from './origins.js';
import type { EdgeEnvironment } from './ports.js';

/** Vhosts whose streams are another server's (`mode remote`, spec/rtmp.md §9): pulled from there, and pushed there. */
export class Edges {
  readonly #env: EdgeEnvironment;
  readonly #pushes: EdgePushes;
  readonly #pulls: EdgePulls;
  readonly #unobserve: (() => void)[];
  /** Failures to pull and to push, so far. */
  readonly failures = { pull: 0, push: 0 };

  constructor(around: Omit<EdgeEnvironment, 'failures'>) {
    this.#env = { ...around, failures: this.failures };
    this.#pushes = new EdgePushes(this.#env);
    this.#pulls = new EdgePulls(this.#env, (key) => this.#pushes.of(key)?.hasBegun === true);
    const { hub, clients } = around;
    this.#unobserve = [
      hub.observe({
        published: (stream) => {
          this.#pushes.published(stream);
          this.#pulls.recheck(stream.key);
        },
        unpublished: ({ key }) => this.#pulls.recheck(key),
        ended: (stream) => {
          this.#pushes.ended(stream);
          this.#pulls.recheck(stream.key);
        },
      }),
      clients.observe({
        began: (client, key) => {
          if (client.type === 'Play') this.#pulls.want(nameOf(key), client, client.facts.trail);
        },
        ended: (client, key) => this.#pulls.leave(key, client),
      }),
    ];
  }

  /** @param inner the rules and hooks of this server, which are asked first. */
  gate(inner: Gate): Gate {
    return new EdgeGate(inner, this.#pushes, this.#env);
  }

  /** Somebody waits for a stream, and is no client that plays it yet. @returns how to tell that he waits no more. */
  want(name: StreamName): () => void {
    const waiting = {};
    this.#pulls.want(name, waiting);
    return () => this.#pulls.leave(streamKey(name), waiting);
  }

  /** What is pulled and pushed now. */
  *list(): Iterable<EdgeStatus> {
    for (const { status } of this.#pulls) yield status;
    for (const { status } of this.#pushes) yield status;
  }

  /** @returns undefined: the stream is this server's own. */
  of(key: string): EdgeStatus | undefined {
    return (this.#pulls.of(key) ?? this.#pushes.of(key))?.status;
  }

  /** For summaries: who sends and receives. */
  *[Symbol.iterator](): Iterator<{ readonly bytesIn: number; readonly bytesOut: number; readonly drops: number }> {
    yield* this.#pulls;
    for (const { task } of this.#pushes) yield task;
  }

  /** The configuration changed. Other origins are for connections that are made from now on. */
  reconfigure(): void {
    this.#pulls.reconfigure();
  }

  /** Nothing is pulled any more, and the origins are told that streams end. Resolves when that is done. */
  async close(): Promise<void> {
    for (const stop of this.#unobserve) stop();
    this.#pulls.close();
    await this.#pushes.close();
  }
}
