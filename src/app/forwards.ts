import type { Config } from '../config/index.js';
import { ForwardOutputs } from '../deliver/index.js';
import type { HookGate } from '../http/index.js';
import type { Clock, Log } from '../kernel/index.js';
import type { Deadlines } from '../link/index.js';
import type { ClientFacts, ClientRegistry, LiveStream, RelayTrail, StreamHub } from '../stream/index.js';

/** The parts of the server that forwards have to do with. */
interface ForwardParts {
  readonly hub: StreamHub;
  readonly clients: ClientRegistry;
  readonly hooks: HookGate;
  readonly trail: RelayTrail;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly log: Log;
  config(): Config;
}

/** The forwards, with the registry of clients and the hooks behind their ports. */
export function makeForwards({ clients, hooks, ...parts }: ForwardParts): ForwardOutputs {
  const publisher = ({ publication }: LiveStream): ClientFacts | undefined =>
    clients.get(publication?.owner.id ?? '')?.facts;
  return new ForwardOutputs({
    ...parts,
    publisher,
    askBackend: async (url, stream, signal) => {
      const facts = publisher(stream);
      if (facts === undefined) throw new Error('the publisher is no client');
      return hooks.destinations(url, { ...facts, ...stream.name }, signal);
    },
  });
}
