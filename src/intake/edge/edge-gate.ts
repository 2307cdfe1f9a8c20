import {
  type ClientFacts,
  type Decision,
  type Gate,
  type RelayTrail,
  type StreamFacts,
  streamKey,
} from '../../stream/index.js';
import type { EdgePushes } from './edge-pushes.js';
import { edgeOf } from './origins.js';
import type { EdgeEnvironment } from './ports.js';
import { traverseToken } from './token-traverse.js';

/**
 * What an edge asks its origin before a client may come in or publish. The rules and hooks of this server come first:
 * whom they refuse must reach no origin, where a publisher would throw out the one that is live.
 */
export class EdgeGate implements Gate {
  readonly #trail: RelayTrail;

  constructor(
    private readonly inner: Gate,
    private readonly pushes: EdgePushes,
    private readonly env: EdgeEnvironment,
  ) {
    this.#trail = env.trail;
  }

  async connect(client: ClientFacts): Promise<void> {
    await this.inner.connect(client);
    try {
      await traverseToken(client, this.env);
    } catch (error) {
      this.inner.closed(client, { sent: 0, received: 0 });
      throw error;
    }
  }

  async publish(client: StreamFacts): Promise<Decision> {
    if (!this.#isOfEdge(client)) return this.inner.publish(client);
    this.#checkTrail(client);
    const decision = await this.inner.publish(client);
    try {
      await this.#traverse(client);
      await this.pushes.admit({ ...client, ...decision });
    } catch (error) {
      this.inner.unpublished(client);
      throw error;
    }
    return decision;
  }

  async play(client: StreamFacts): Promise<Decision> {
    if (!this.#isOfEdge(client)) return this.inner.play(client);
    this.#checkTrail(client);
    const decision = await this.inner.play(client);
    try {
      await this.#traverse(client);
    } catch (error) {
      this.inner.stopped(client);
      throw error;
    }
    return decision;
  }

  #isOfEdge({ vhost }: ClientFacts): boolean {
    return edgeOf(this.env.config(), vhost) !== undefined;
  }

  /** @throws {RefusedError} FORWARD_LOOP: this edge is an origin of its origin. */
  #checkTrail(client: StreamFacts): void {
    if (client.trail !== undefined) this.#trail.check(streamKey(client), client.trail);
  }

  /** Over HTTP nobody says `connect`. */
  async #traverse(client: StreamFacts): Promise<void> {
    if (client.protocol !== 'rtmp') await traverseToken(client, this.env);
  }

  unpublished(client: StreamFacts, replacedBy?: string): void {
    this.inner.unpublished(client, replacedBy);
    this.pushes.left(client.id);
  }

  stopped(client: StreamFacts): void {
    this.inner.stopped(client);
  }

  closed(client: ClientFacts, bytes: { readonly sent: number; readonly received: number }): void {
    this.inner.closed(client, bytes);
  }
}
