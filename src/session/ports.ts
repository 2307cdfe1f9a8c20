import type { Config } from '../config/index.js';
import type { Clock, Log } from '../kernel/index.js';
import type { ClientRegistry, Gate, RelayTrail, StreamHub } from '../stream/index.js';
import type { TestTurns } from './bandcheck/test-turns.js';

/** What a session needs from the server around it; wired in app/. */
export interface SessionEnvironment {
  readonly hub: StreamHub;
  readonly clients: ClientRegistry;
  /** Asked before a client hears that it may go on. */
  readonly gate: Gate;
  readonly trail: RelayTrail;
  /** Of bandwidth tests. */
  readonly turns: TestTurns;
  readonly clock: Clock;
  readonly log: Log;
  config(): Config;
}
