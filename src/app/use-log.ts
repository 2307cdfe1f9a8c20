import { type Cause, type Clock, type Log, logEnd } from '../kernel/index.js';
import type { Client, ClientRegistry } from '../stream/index.js';

/** Where a use began: what the client does, when, and what its connection had counted by then. */
interface Start {
  readonly use: 'publish' | 'play';
  readonly at: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Two lines for each publish and each play, whatever the client speaks: `publish started`, `publish ended`. */
export class UseLog {
  readonly #starts = new Map<Client, Start>();

  constructor(
    clients: ClientRegistry,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    clients.observe({
      began: (client, stream) => this.#began(client, stream),
      ended: (client, stream, cause) => this.#ended(client, stream, cause),
    });
  }

  #began(client: Client, stream: string): void {
    const { bytesIn, bytesOut, type } = client;
    const use = type === 'Play' ? 'play' : 'publish';
    this.#starts.set(client, { use, at: this.clock.now(), bytesIn, bytesOut });
    const style = use === 'publish' && { style: type.replace('-publish', '') };
    this.log.info({ ...fieldsOf(client, stream), ...style }, `${use} started`);
  }

  #ended(client: Client, stream: string, cause: Cause): void {
    const start = this.#starts.get(client);
    if (start === undefined) return;
    this.#starts.delete(client);
    const fields = {
      ...fieldsOf(client, stream),
      seconds: Math.round((this.clock.now() - start.at) / 1000),
      bytesIn: client.bytesIn - start.bytesIn,
      bytesOut: client.bytesOut - start.bytesOut,
    };
    logEnd(this.log, fields, cause, `${start.use} ended`);
  }
}

const fieldsOf = ({ facts: { id, peer, protocol } }: Client, stream: string) => ({ conn: id, peer, protocol, stream });
