import { version } from '../../kernel/index.js';
import type { StreamStatistics, VhostStatistics } from '../../stream/index.js';
import type { ShownIngest } from '../api/ports.js';
import type { MetricsEnvironment } from './ports.js';

/** One series of a metric at the moment. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** What a scrape shows, taken once for all metrics. */
export interface Snapshot {
  readonly env: MetricsEnvironment;
  readonly vhosts: readonly VhostStatistics[];
  readonly streams: readonly StreamStatistics[];
  /** Live streams beyond those. */
  readonly omitted: number;
}

/** A metric that is read from what is counted elsewhere. */
export interface ReadMetric {
  readonly name: string;
  readonly kind: 'gauge' | 'counter';
  readonly help: string;
  readonly labels: readonly string[];
  read(now: Snapshot): Iterable<Sample>;
}

type Kind = ReadMetric['kind'];

const one = (name: string, kind: Kind, help: string, value: (now: Snapshot) => number): ReadMetric => ({
  name,
  kind,
  help,
  labels: [],
  read: (now) => [[{}, value(now)]],
});

const VHOST = ['vhost'];
const ofVhost = (name: string, kind: Kind, help: string, value: (vhost: VhostStatistics) => number): ReadMetric => ({
  name: `srs_vhost_${name}`,
  kind,
  help,
  labels: VHOST,
  read: ({ vhosts }) => vhosts.map((vhost) => [{ vhost: vhost.name }, value(vhost)]),
});

const STREAM = ['vhost', 'app', 'stream'];
const ofStream = (
  name: string,
  kind: Kind,
  help: string,
  value: (stream: StreamStatistics, env: MetricsEnvironment) => number,
): ReadMetric => ({
  name: `srs_stream_${name}`,
  kind,
  help,
  labels: STREAM,
  read: ({ streams, env }) => streams.map((stream) => [{ ...stream.name }, value(stream, env)]),
});

const INGEST = ['vhost', 'ingest', 'engine'];
const ofIngest = (name: string, kind: Kind, help: string, value: (ingest: ShownIngest) => number): ReadMetric => ({
  name: `srs_ingest_${name}`,
  kind,
  help,
  labels: INGEST,
  read: ({ env }) =>
    env.ingests().map((one) => [{ vhost: one.vhost, ingest: one.ingest, engine: one.engine }, value(one)]),
});

/** All metrics but those of the process and the histograms of hooks. docs/metrics.md is held to it by a test. */
export const readMetrics: readonly ReadMetric[] = [
  {
    name: 'srs_build_info',
    kind: 'gauge',
    help: '1; its labels are the versions.',
    labels: ['version', 'node'],
    read: () => [[{ version, node: process.version }, 1]],
  },
  one('srs_ready', 'gauge', '1 while new clients are served.', ({ env }) => (env.readiness() === 'ready' ? 1 : 0)),
  one('srs_connections', 'gauge', 'Connections of RTMP and HTTP.', ({ env }) => env.connections()),
  one('srs_connections_accepted_total', 'counter', 'Connections that were let in.', ({ env }) => env.accepted()),
  one('srs_connections_max', 'gauge', 'The directive max_connections.', ({ env }) => env.config().maxConnections),
  {
    name: 'srs_connections_refused_total',
    kind: 'counter',
    help: 'Connections that were closed at once, by limit or error code.',
    labels: ['reason'],
    read: ({ env }) => Array.from(env.refusals(), ([reason, count]) => [{ reason }, count]),
  },
  {
    name: 'srs_clients',
    kind: 'gauge',
    help: 'Publishers and players, by protocol and role (publish, play, other).',
    labels: ['protocol', 'role'],
    read: clientsByKind,
  },
  one('srs_streams', 'gauge', 'Streams with a publisher.', ({ env }) => env.statistics.server.streams),
  one(
    'srs_streams_omitted',
    'gauge',
    'Live streams that have no metrics of their own, because there are too many.',
    (now) => now.omitted,
  ),
  one('srs_receive_bytes_total', 'counter', 'Bytes from clients.', ({ env }) => env.statistics.server.bytesIn),
  one(
    'srs_send_bytes_total',
    'counter',
    'Bytes to clients, handed to their sockets.',
    ({ env }) => env.statistics.server.bytesOut,
  ),
  one(
    'srs_viewer_drops_total',
    'counter',
    'Times that a slow player was taken on to a newer key frame.',
    ({ env }) => env.statistics.server.drops,
  ),
  one('srs_backlog_bytes', 'gauge', 'Bytes of streams that are kept for players.', backlog),
  one(
    'srs_fanout_seconds_total',
    'counter',
    'Time spent on writing streams to players.',
    ({ env }) => env.governor.totals.spent / 1000,
  ),
  one(
    'srs_fanout_writes_total',
    'counter',
    'Players that were visited by it.',
    ({ env }) => env.governor.totals.writes,
  ),
  one(
    'srs_merge_window_seconds',
    'gauge',
    'The adaptive merge window; mw_latency of a vhost may fix another.',
    ({ env }) => env.governor.window(false) / 1000,
  ),
  one('srs_programs_running', 'gauge', 'Programs such as ffmpeg that run for streams.', ({ env }) => env.programs()),
  one('srs_dvr_streams', 'gauge', 'Streams that are recorded.', ({ env }) => env.dvrTotals().streams),
  one('srs_dvr_files_total', 'counter', 'Recordings that were closed.', ({ env }) => env.dvrTotals().files),
  one('srs_dvr_bytes_total', 'counter', 'Bytes written to recordings.', ({ env }) => env.dvrTotals().bytes),
  one(
    'srs_dvr_failures_total',
    'counter',
    'Recordings that could not be begun, or not go on.',
    ({ env }) => env.dvrTotals().failures,
  ),
  one(
    'srs_dvr_waiting_bytes',
    'gauge',
    'Bytes of recordings that wait for their disk.',
    ({ env }) => env.dvrTotals().waiting,
  ),
  {
    name: 'srs_edge_streams',
    kind: 'gauge',
    help: 'Streams between this edge and its origin, by role (pull, push) and state.',
    labels: ['role', 'state'],
    read: edgesByState,
  },
  {
    name: 'srs_edge_failures_total',
    kind: 'counter',
    help: 'Attempts and connections to an origin that failed, by role.',
    labels: ['role'],
    read: ({ env }) => Object.entries(env.edges.failures).map(([role, count]) => [{ role }, count]),
  },
  one('srs_event_listeners', 'gauge', 'Listeners to /api/v1/events.', ({ env }) => env.events.listeners),
  one(
    'srs_hook_notifications_waiting',
    'gauge',
    'Notifications that are still to be told.',
    ({ env }) => env.hooks.waiting,
  ),
  {
    name: 'srs_log_lines_total',
    kind: 'counter',
    help: 'Lines of the log from level warn on.',
    labels: ['level'],
    read: ({ env }) => Object.entries(env.events.logLines).map(([level, count]) => [{ level }, count]),
  },
  ofIngest('running', 'gauge', '1 while it publishes, 0 while it starts or waits.', ({ phase }) =>
    phase === 'running' ? 1 : 0,
  ),
  ofIngest('restarts_total', 'counter', 'Times that its ffmpeg was started again.', ({ restarts }) => restarts),
  ofIngest('speed', 'gauge', 'Times real time; 0: not known.', ({ progress }) => progress?.speed ?? 0),
  ofVhost('streams', 'gauge', 'Streams with a publisher.', ({ streams }) => streams),
  ofVhost('clients', 'gauge', 'Clients, publishers included.', ({ clients }) => clients),
  ofVhost('publishers', 'gauge', 'Publishers.', ({ publishers }) => publishers),
  ofVhost('receive_bytes_total', 'counter', 'Bytes from clients.', ({ bytesIn }) => bytesIn),
  ofVhost('send_bytes_total', 'counter', 'Bytes to clients.', ({ bytesOut }) => bytesOut),
  ofVhost(
    'viewer_drops_total',
    'counter',
    'Times that a slow player was taken on to a newer key frame.',
    ({ drops }) => drops,
  ),
  ofStream('publishing', 'gauge', '1 with a publisher; 0 while it may come back.', ({ publisher }) =>
    publisher === undefined ? 0 : 1,
  ),
  ofStream('clients', 'gauge', 'Clients, the publisher included.', ({ clients }) => clients),
  ofStream('receive_bytes_total', 'counter', 'Bytes from the publisher.', ({ bytesIn }) => bytesIn),
  ofStream('send_bytes_total', 'counter', 'Bytes to clients.', ({ bytesOut }) => bytesOut),
  ofStream('frames_total', 'counter', 'Pictures.', ({ frames }) => frames),
  ofStream('video_fps', 'gauge', 'Pictures per second, by the clock of the stream.', ({ video }) => video?.fps ?? 0),
  ofStream('gop_seconds', 'gauge', 'Length of the last group of pictures.', ({ video }) => (video?.gopMs ?? 0) / 1000),
  ofStream(
    'viewer_drops_total',
    'counter',
    'Times that a slow player was taken on to a newer key frame.',
    ({ drops }) => drops,
  ),
  ofStream('lag_seconds', 'gauge', 'How far the slowest player is behind.', slowest),
];

function* clientsByKind({ env }: Snapshot): Iterable<Sample> {
  const counts = new Map<string, number>();
  for (const { facts, type } of env.clients) {
    const role = type === 'Play' ? 'play' : type.endsWith('-publish') ? 'publish' : 'other';
    const kind = `${facts.protocol} ${role}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  for (const [kind, count] of counts) {
    const [protocol = '', role = ''] = kind.split(' ');
    yield [{ protocol, role }, count];
  }
}

function* edgesByState({ env }: Snapshot): Iterable<Sample> {
  const counts = new Map<string, number>();
  for (const { role, state } of env.edges.list()) {
    const kind = `${role} ${state}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  for (const [kind, count] of counts) {
    const [role = '', state = ''] = kind.split(' ');
    yield [{ role, state }, count];
  }
}

function backlog({ env }: Snapshot): number {
  let bytes = 0;
  for (const { logs } of env.hub) for (const log of logs) bytes += log.keptBytes;
  return bytes;
}

function slowest({ key }: StreamStatistics, { hub }: MetricsEnvironment): number {
  let lag = 0;
  for (const log of hub.get(key)?.logs ?? []) for (const viewer of log.viewers) lag = Math.max(lag, log.lagOf(viewer));
  return lag / 1000;
}
