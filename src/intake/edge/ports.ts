import type { Config } from '../../config/index.js';
import type { Clock, Log } from '../../kernel/index.js';
import type { Deadlines } from '../../link/index.js';
import type { ClientRegistry, RelayTrail, StreamHub } from '../../stream/index.js';

/** What edges need from the server around them; wired in app/. */
export interface EdgeEnvironment {
  readonly hub: StreamHub;
  readonly clients: ClientRegistry;
  readonly trail: RelayTrail;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly log: Log;
  /** Failures so far; counted on. */
  readonly failures: { pull: number; push: number };
  config(): Config;
}
