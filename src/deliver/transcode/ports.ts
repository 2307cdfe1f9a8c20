import type { Config } from '../../config/index.js';
import type { Clock, Log, Supervisor } from '../../kernel/index.js';
import type { ClientFacts, Passes } from '../../stream/index.js';

/** What transcoding needs from the server around it; wired in app/. */
export interface TranscodeEnvironment {
  readonly clock: Clock;
  readonly log: Log;
  readonly supervisor: Supervisor;
  /** For the programs, so that they may play and publish here whatever the rules say. */
  readonly passes: Passes;
  /** The port of 127.0.0.1 where passes count. @throws {SystemError} LISTEN */
  port(): Promise<number>;
  /** The client with this id, if it is still there. */
  client(id: string): ClientFacts | undefined;
  config(): Config;
}
