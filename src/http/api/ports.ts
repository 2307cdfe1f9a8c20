import type { Config } from '../../config/index.js';
import type { Clock, ErrorCode, Log, ProcSampler } from '../../kernel/index.js';
import type { ClientRegistry, ServerIdentity, Statistics, StreamHub } from '../../stream/index.js';

import type { EventFeed } from '../events/event-feed.js';
import type { MetricSources } from '../metrics/ports.js';
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

/** A destination of a live stream, as deliver/ tells it. */
export interface ShownForward {
  readonly id: string;
  /** `vhost/app/stream` */
  readonly stream: string;
  /** Without keys. */
  readonly to: string;
  readonly state: string;
  /** Wall clock of the last change of state, ms. */
  readonly since: number;
  readonly bytes: number;
  readonly kbps: number;
  readonly lagMs: number;
  readonly drops: number;
  readonly reconnects: number;
  readonly failures: number;
  readonly lastError: string;
}

/** What an operator may do with the destinations of live streams. */
export interface ForwardControl {
  /** @param streamKey of one stream; left out: of all. */
  list(streamKey?: string): readonly ShownForward[];
  /** @throws {RefusedError} FORWARD_REFUSED */
  add(streamKey: string, destination: string): ShownForward;
  /** @returns how it is then; undefined: there is no such forward. */
  pause(id: string): ShownForward | undefined;
  resume(id: string): ShownForward | undefined;
  /** @returns whether there was one. */
  remove(id: string): boolean;
}

/** An ffmpeg that this server runs. */
export interface ShownProgram {
  readonly engine: string;
  /** Where the result goes, without keys. */
  readonly output: string;
  readonly phase: string;
  readonly pid: number | undefined;
  /** Milliseconds. */
  readonly uptime: number;
  readonly progress: { readonly fps: number; readonly speed: number | undefined; readonly outTime: number } | undefined;
  readonly restarts: number;
  readonly lastError: string | undefined;
  readonly errorLines: readonly string[];
}

/** A stream between an edge and its origin, as intake/ tells it. */
export interface ShownEdge {
  readonly role: 'pull' | 'push';
  /** `vhost/app/stream` */
  readonly stream: string;
  /** URL at the origin, without keys. */
  readonly upstream: string;
  readonly state: string;
  /** Wall clock of the last change of state, ms. */
  readonly since: number;
  readonly bytes: number;
  readonly reconnects: number;
  readonly failures: number;
  readonly lastError: string;
}

/** The streams of edges. */
export interface EdgeStreams {
  list(): Iterable<ShownEdge>;
  /** @returns undefined: the stream is this server's own. */
  of(streamKey: string): ShownEdge | undefined;
  /** So far. */
  readonly failures: { readonly pull: number; readonly push: number };
}

/** ffmpeg at work for a live stream, as deliver/ tells it. */
export interface ShownTranscode extends ShownProgram {
  readonly scope: string;
}

/** ffmpeg that pulls a source, as intake/ tells it. */
export interface ShownIngest extends ShownProgram {
  readonly vhost: string;
  readonly ingest: string;
  /** Without passwords. */
  readonly input: string;
}

/** HLS of a live stream, as deliver/ tells it. */
export interface ShownHls {
  readonly playlist: string;
  /** Why, by codec. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** The recording of a live stream, as deliver/ tells it. */
export interface ShownDvr {
  readonly state: string;
  readonly file: string;
  /** Seconds. */
  readonly duration: number;
  readonly bytes: number;
  readonly files: number;
  readonly failures: number;
  readonly lastError: string;
}

/** What the API shows and does; wired in app/. */
export interface ApiEnvironment extends MetricSources {
  readonly hub: StreamHub;
  readonly clients: ClientRegistry;
  readonly statistics: Statistics;
  readonly identity: ServerIdentity;
  readonly proc: ProcSampler;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventFeed;
  readonly forwards: ForwardControl;
  readonly edges: EdgeStreams;
  /** @param streamKey `vhost/app/stream` */
  transcodes(streamKey: string): readonly ShownTranscode[];
  /** @returns undefined: the stream has no HLS. */
  hls(streamKey: string): ShownHls | undefined;
  /** @returns undefined: the stream is not recorded. */
  dvr(streamKey: string): ShownDvr | undefined;
  readiness(): Readiness;
  config(): Config;
  /** The configuration that is in force, to be shown. */
  settings(): readonly ShownSetting[];
  /** Reads the configuration file anew; never rejects. */
  reload(): Promise<Reloaded>;
  /** Connections of players and publishers. */
  connections(): number;
}
