import type { Config } from '../../config/index.js';
import type { Clock, ErrorCode, Log, ProcSampler } from '../../kernel/index.js';
import type { ClientRegistry, ServerIdentity, Statistics, StreamHub } from '../../stream/index.js';

import type { EventFeed } from '../events/event-feed.js';
import type { Readiness } from './routes/health-routes.js';

/** How a reload ended. */
export type Reloaded =
  | { readonly ok: true; readonly changes: readonly string[]; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly code: ErrorCode; readonly error: string };

/** One setting that is in force, secrets masked. */
export interface ShownSetting {
  /** The blocks around it. */
  readonly in: readonly string[];
  readonly name: string;
  readonly value: unknown;
  readonly origin: string;
}

/** What the API shows and does; wired in app/. */
export interface ApiEnvironment {
  readonly hub: StreamHub;
  readonly clients: ClientRegistry;
  readonly statistics: Statistics;
  readonly identity: ServerIdentity;
  readonly proc: ProcSampler;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventFeed;
  readiness(): Readiness;
  config(): Config;
  /** The configuration that is in force, to be shown. */
  settings(): readonly ShownSetting[];
  /** Reads the configuration file anew; never rejects. */
  reload(): Promise<Reloaded>;
  /** Connections of players and publishers. */
  connections(): number;
}
