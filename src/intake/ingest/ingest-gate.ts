import { RefusedError } from '../../kernel/index.js';
import { type ClientFacts, type Decision, type Gate, type StreamFacts, streamKey } from '../../stream/index.js';
import type { IsTaken } from './ingest-program.js';

/**
 * What an ingest publishes is held to the rules for clients, and to one more: it takes the stream from nobody. An encoder may take
 * it from an ingest, whose ffmpeg would otherwise take it back, and so on without an end.
 */
export class IngestGate implements Gate {
  constructor(
    private readonly isTaken: IsTaken,
    private readonly rules: Gate,
  ) {}

  connect(client: ClientFacts): Promise<void> {
    return this.rules.connect(client);
  }

  async publish(client: StreamFacts): Promise<Decision> {
    this.#checkFree(client);
    const decision = await this.rules.publish(client);
    try {
      // A hook may have given it another name, or have taken so long that an encoder came first.
      this.#checkFree({ ...client, ...decision });
    } catch (error) {
      this.rules.unpublished(client);
      throw error;
    }
    return decision;
  }

  #checkFree(client: StreamFacts): void {
    const key = streamKey(client);
    if (this.isTaken(key)) throw new RefusedError('STREAM_BUSY', `stream ${key} already has a publisher`);
  }

  play(client: StreamFacts): Promise<Decision> {
    return this.rules.play(client);
  }

  unpublished(client: StreamFacts, replacedBy?: string): void {
    this.rules.unpublished(client, replacedBy);
  }

  stopped(client: StreamFacts): void {
    this.rules.stopped(client);
  }

  closed(client: ClientFacts, bytes: { readonly sent: number; readonly received: number }): void {
    this.rules.closed(client, bytes);
  }
}
