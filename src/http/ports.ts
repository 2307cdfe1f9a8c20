import type { Config, VhostConfig } from '../config/index.js';
import type { Ms } from '../core/index.js';
import type { Clock, Log } from '../kernel/index.js';
import type { ClientRegistry, Gate, StreamHub, StreamName } from '../stream/index.js';
import type { MemoryFile } from './memory-files.js';
import type { Refusals } from './refusals.js';

/** What is listed of a stream's HLS. */
export interface ListedHls {
  /** Path from the root of the HTTP server. */
  readonly playlist: string;
  /** What of the stream cannot be in it, and why, by codec. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** What the HTTP server needs from the server around it; wired in app/. */
export interface HttpEnvironment {
  readonly hub: StreamHub;
  readonly gate: Gate;
  readonly clients: ClientRegistry;
  readonly clock: Clock;
  readonly log: Log;
  readonly refusals: Refusals;
  /** Directory with the built page of the console. */
  readonly consoleDir: string;
  /** A playlist or segment of a live stream. @param path decoded. */
  hls(vhost: string, path: string): MemoryFile | undefined;
  /** Somebody waits for something to play in a playlist, which need not be there yet. @param within at most so long. */
  hlsArrival(vhost: string, path: string, within: Ms): { readonly over: Promise<void>; stop(): void };
  /** HLS of a live stream. @returns undefined: it has none. */
  hlsOf(streamKey: string): ListedHls | undefined;
  /** A path is called as segments of a stream are; those that have been forgotten, too. @param path decoded. */
  isSegmentName(vhost: string, path: string): boolean;
  /** The stream whose playlist a path is, where an origin may have it: it comes when somebody plays it. */
  playlistAtOrigin(vhost: VhostConfig, path: string): StreamName | undefined;
  /** Somebody waits for a stream and is no client of it yet. @returns how to tell that he waits no more. */
  want(stream: StreamName): () => void;
  /** A request of a client behind a proxy counts as a connection of it. @returns how to give it back; undefined: too many. */
  share(address: string): (() => void) | undefined;
  config(): Config;
}
