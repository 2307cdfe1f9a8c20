import type { FanoutGovernor } from '../../stream/index.js';
import type { ApiEnvironment, ShownIngest } from '../api/ports.js';
import type { HookMeter } from '../hooks/hook-meter.js';

/** What only metrics show of the server around them; wired in app/. */
export interface MetricSources {
  readonly governor: FanoutGovernor;
  readonly hooks: {
    /** Notifications that are still to be told. */
    readonly waiting: number;
    /** Hears of every call of a hook from now on. */
    meter: HookMeter;
  };
  /** Connections of RTMP and HTTP that were let in so far. */
  accepted(): number;
  /** Connections that were closed at once, by reason. */
  refusals(): Iterable<readonly [reason: string, count: number]>;
  /** Recordings: since the start of the server, and now. */
  dvrTotals(): {
    readonly streams: number;
    readonly files: number;
    readonly bytes: number;
    readonly failures: number;
    /** Bytes that wait for disks. */
    readonly waiting: number;
  };
  /** Programs such as ffmpeg that run now. */
  programs(): number;
  /** One for each engine of each ingest. */
  ingests(): readonly ShownIngest[];
}

/** Where metrics are read from. */
export type MetricsEnvironment = MetricSources &
  Pick<ApiEnvironment, 'hub' | 'clients' | 'statistics' | 'edges' | 'events' | 'config' | 'readiness' | 'connections'>;
