import type { Config, VhostConfig } from '../../config/index.js';
import type { Clock, Log } from '../../kernel/index.js';
import type { LiveStream, StreamHub } from '../../stream/index.js';
import type { RecordRoot } from './record-root.js';

/** A recording that is closed and has its name. */
export interface RecordedFile {
  /** Relative to the working directory if `dvr_path` is. */
  readonly file: string;
  /** Seconds. */
  readonly duration: number;
  readonly bytes: number;
}

/** What recordings need of the server around them; wired in app/. */
export interface DvrEnvironment {
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly log: Log;
  config(): Config;
  /** Called when a file begins, while its publisher is there. @returns who is to be told when it is closed. */
  announcer(stream: LiveStream): (recorded: RecordedFile) => void;
}

/** How a stream is recorded. */
export interface RecorderSettings {
  readonly dvr: VhostConfig['dvr'];
  /** Times in names are UTC. */
  readonly utc: boolean;
}

/** What all recordings count together. */
export interface DvrTotals {
  /** Files that were closed and have their name. */
  files: number;
  bytes: number;
  failures: number;
}

/** What can be said about the recording of a stream. */
export interface DvrState {
  /** `waiting`: for a key frame, or for its encoder. `failing`: it is tried again. */
  readonly state: 'recording' | 'waiting' | 'failing';
  /** As in `dvr_path`, without the `.tmp` that it has until it is closed; empty while there is none. */
  readonly file: string;
  /** Of this file: seconds, bytes. */
  readonly duration: number;
  readonly bytes: number;
  /** Of this stream so far. */
  readonly files: number;
  readonly failures: number;
  readonly lastError: string;
}

/** What a recorder has from all others. */
export interface RecorderEnvironment extends DvrEnvironment {
  readonly totals: DvrTotals;
  /** @param directory as configured. */
  root(directory: string): RecordRoot;
}
