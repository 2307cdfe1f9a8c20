import type { Config } from '../../config/index.js';
import type { Clock, Log } from '../../kernel/index.js';
import type { Deadlines } from '../../link/index.js';
import type { ClientFacts, LiveStream, RelayTrail, StreamHub } from '../../stream/index.js';

/** What forwards need from the server around them; wired in app/. */
export interface ForwardEnvironment {
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlines: Deadlines;
  readonly trail: RelayTrail;
  config(): Config;
  /** Who publishes a stream. */
  publisher(stream: LiveStream): ClientFacts | undefined;
  /**
   * Asks a web service where a stream shall go (`on_forward`, spec/http.md §1.1).
   * @throws {Error} when no answer came that can be understood.
   */
  askBackend(url: string, stream: LiveStream, signal: AbortSignal): Promise<readonly string[]>;
}
