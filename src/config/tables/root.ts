import type { ConfigOf, DirectiveTable, LaterTable } from '../table.js';
import { acceptedInRoot } from './accepted.js';
import { httpApi } from './api.js';
import { ffmpegLog } from './ffmpeg-log.js';
import { heartbeatRows } from './heartbeat.js';
import { httpServer } from './http.js';
import { processRows } from './process.js';
import { proxies } from './proxies.js';
import { tlsBlock } from './tls.js';
import { laterInVhost, type VhostConfig, vhost } from './vhost.js';

const pithyPrint = ['publish', 'play', 'forwarder', 'encoder', 'ingester', 'hls', 'edge'] as const;

/** What may stand at the top of the file. */
export const root = {
  listen: {
    type: 'listen',
    required: true,
    example: '1935',
    reload: 'relisten',
    doc: 'Where RTMP clients connect: ports, or address:port, several are possible. A bare port means all IPv4 addresses, [::]:port all IPv6 addresses.',
  },
  chunk_size: {
    type: 'bytes',
    default: 60_000,
    min: 128,
    max: 65_536,
    reload: 'live',
    doc: 'Size of the RTMP chunks that are sent; a vhost may have its own.',
  },
  max_connections: {
    type: 'integer',
    default: 1000,
    min: 1,
    reload: 'live',
    doc: 'Connections of RTMP and HTTP together (the API has 128 of its own); one more is closed right after it was accepted.',
  },
  max_connections_per_address: {
    type: 'integer',
    default: 0,
    reload: 'live',
    since: 'own',
    doc: 'Connections from one address, all listeners together; one more is closed right after it was accepted. 0: no limit, because many players may share one address.',
  },
  ...proxies,
  pid: {
    type: 'string',
    default: './objs/srs.pid',
    reload: 'reopen',
    doc: 'File with the number of the process. A second server with the same file does not start.',
  },
  daemon: {
    type: 'onoff',
    default: false,
    reload: 'never',
    doc: 'Detach from the terminal and run in the background.',
  },
  inotify_auto_reload: {
    type: 'onoff',
    default: false,
    reload: 'live',
    since: 3,
    doc: 'Reload when the configuration file changes, without a signal. Included files are not watched.',
  },
  grace_drain: {
    type: 'seconds',
    default: 30,
    reload: 'live',
    since: 'own',
    doc: 'SIGQUIT: no new clients, and the players that are there may go on for so long before the server stops.',
  },
  log: {
    type: 'block',
    doc: 'Where the server reports what happens.',
    rows: {
      tank: {
        type: 'enum',
        values: ['file', 'console'],
        default: 'file',
        reload: 'live',
        spelled: ['srs_log_tank'],
        doc: 'Where log lines go.',
      },
      level: {
        type: 'enum',
        values: ['verbose', 'info', 'trace', 'warn', 'error'],
        default: 'trace',
        reload: 'live',
        spelled: ['srs_log_level'],
        doc: 'The least important lines that are written; verbose writes all.',
      },
      file: {
        type: 'string',
        default: './objs/srs.log',
        reload: 'live',
        spelled: ['srs_log_file'],
        doc: 'The log file, for srs_log_tank file. It is appended to, and opened anew on SIGUSR1.',
      },
    },
  },
  pithy_print: {
    type: 'ms',
    default: 10_000,
    min: 1,
    reload: 'live',
    since: 2,
    spelled: ['pithy_print_ms', ...pithyPrint.map((stage) => `pithy_print.${stage}`)],
    doc: 'How often the log sums up publishers and players, in one line each.',
  },
  utc_time: {
    type: 'onoff',
    default: false,
    reload: 'live',
    since: 2,
    doc: 'Times in file names are UTC; off: local time.',
  },
  ff_log: ffmpegLog,
  ...processRows,
  rtmps: tlsBlock('RTMP over TLS, beside plain RTMP.', '1443', 'own', ['rtmps']),
  ...heartbeatRows,
  http_server: httpServer,
  http_api: httpApi,
  vhosts: {
    type: 'named',
    spelled: ['vhost'],
    host: true,
    example: '__defaultVhost__',
    rows: vhost,
    later: laterInVhost,
    doc: 'A virtual host, chosen by the host in the URL of the client, in upper or lower case. __defaultVhost__ serves every host without a block of its own. A vhost takes nothing from another one.',
  },
} as const satisfies DirectiveTable;

/** The whole configuration, every setting filled in. Frozen, to its last leaf. */
export interface Config extends ConfigOf<typeof root> {
  readonly vhosts: ReadonlyMap<string, VhostConfig>;
}

/** Accepted with a warning: names without effect. */
export const laterInRoot = {
  ...acceptedInRoot,
  'heartbeat.ports': { since: 5, note: 'so heartbeats name no ports' },
  'http_api.crossdomain': { since: 2, never: 'allow_origin names the web pages that may use the API' },
  'http_api.raw_api': {
    since: 3,
    never: 'the API reloads with POST /api/v1/reload and shows the configuration with GET /api/v1/config',
  },
  'stats.disk': { since: 1, never: 'disk numbers are of the whole machine' },
  'stats.enabled': { since: 4, never: 'numbers of the machine are read for whoever asks' },
  grace_start_wait: { since: 3, never: 'nothing has to be waited for before the listeners close' },
  grace_final_wait: { since: 3, never: 'the server ends when all is closed; see grace_drain' },
  force_grace_quit: { since: 3, never: 'SIGTERM is always fast, SIGQUIT always graceful' },
  exporter: { since: 5, note: 'so /metrics is on the port of http_api alone' },
} as const satisfies LaterTable;
