import type { Clock, Log } from '../../kernel/index.js';
import type { ClientFacts, FfmpegEnvironment } from '../../stream/index.js';

/** What transcoding needs from the server around it; wired in app/. */
export interface TranscodeEnvironment extends FfmpegEnvironment {
  readonly clock: Clock;
  readonly log: Log;
  /** The client with this id, if it is still there. */
  client(id: string): ClientFacts | undefined;
}
