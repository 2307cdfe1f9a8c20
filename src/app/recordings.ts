import type { Config } from '../config/index.js';
import { DvrOutputs } from '../deliver/index.js';
import type { HookGate } from '../http/index.js';
import type { Clock, Log } from '../kernel/index.js';
import type { ClientRegistry, StreamHub } from '../stream/index.js';

interface Environment {
  readonly hub: StreamHub;
  readonly clients: ClientRegistry;
  readonly hooks: HookGate;
  readonly clock: Clock;
  readonly log: Log;
  config(): Config;
}

/** The recordings; hooks are told of each in the name of the publisher that began it. */
export function makeRecordings({ clients, hooks, ...around }: Environment): DvrOutputs {
  return new DvrOutputs({
    ...around,
    announcer: ({ publication, name }) => {
      const client = clients.get(publication?.owner.id ?? '');
      if (client === undefined) return () => undefined;
      const facts = { ...client.facts, ...name };
      return ({ file }) => hooks.recorded(facts, { cwd: process.cwd(), file });
    },
  });
}
