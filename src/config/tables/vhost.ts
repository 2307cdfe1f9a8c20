import type { ConfigOf, DirectiveTable, LaterTable } from '../table.js';
import { acceptedInVhost } from './accepted.js';
import { access } from './access.js';
import { bandcheck } from './bandcheck.js';
import { cluster, laterInCluster } from './cluster.js';
import { dvr } from './dvr.js';
import { forward } from './forward.js';
import { hls, laterInHls } from './hls.js';
import { httpHooks } from './hooks.js';
import { httpInVhost } from './http.js';
import { ingests } from './ingest.js';
import { transcodes } from './transcode.js';

/** What may stand in `vhost NAME { … }`. */
export const vhost = {
  enabled: {
    type: 'onoff',
    default: true,
    reload: 'live',
    doc: 'off: clients of this vhost are rejected, as if it did not exist.',
  },
  chunk_size: {
    type: 'bytes',
    default: 60_000,
    min: 128,
    max: 65_536,
    inherit: true,
    reload: 'live',
    doc: 'Size of the RTMP chunks that are sent to clients of this vhost.',
  },
  gop_cache: {
    type: 'onoff',
    default: true,
    reload: 'live',
    spelled: ['play.gop_cache', 'gop_cache'],
    doc: 'Keep the stream since the last key frame, so that a player starts with a picture at once. off: it waits for the next key frame, with less delay.',
  },
  gop_cache_max_frames: {
    type: 'integer',
    default: 2500,
    min: 1,
    reload: 'live',
    since: 5,
    spelled: ['play.gop_cache_max_frames', 'gop_cache_max_frames'],
    doc: 'A longer group of pictures is not kept.',
  },
  queue_length: {
    type: 'seconds',
    default: 30,
    min: 0.1,
    reload: 'live',
    spelled: ['play.queue_length', 'queue_length'],
    doc: 'How far a player may fall behind before it jumps to the newest key frame.',
  },
  time_jitter: {
    type: 'enum',
    values: ['full', 'zero', 'off'],
    default: 'full',
    reload: 'live',
    spelled: ['play.time_jitter', 'time_jitter'],
    doc: 'full and zero: the stream has its own clock, which starts at 0 and repairs jumps. off: the clock of the encoder, still never backwards.',
  },
  atc: {
    type: 'onoff',
    default: false,
    reload: 'live',
    spelled: ['play.atc', 'atc'],
    doc: 'Keep the absolute time of the encoder, for failover between servers that get the same stream.',
  },
  atc_auto: {
    type: 'onoff',
    default: false,
    reload: 'live',
    spelled: ['play.atc_auto', 'atc_auto'],
    doc: 'Act as with atc on when the metadata of the encoder says bravo_atc.',
  },
  mw_latency: {
    type: 'ms',
    default: undefined,
    min: 0,
    max: 60_000,
    reload: 'live',
    since: 2,
    spelled: ['play.mw_latency', 'mw_latency'],
    doc: 'Merged write: frames are collected this long and sent to players together. auto: none with few players, growing with the load up to 350 ms.',
  },
  min_latency: {
    type: 'onoff',
    default: false,
    reload: 'live',
    since: 2,
    doc: 'Keep the delay small: merged write stays short and merged read is off.',
  },
  tcp_nodelay: {
    type: 'onoff',
    default: true,
    reload: 'live',
    since: 2,
    doc: 'Send small packets at once instead of waiting for more.',
  },
  mix_correct: {
    type: 'onoff',
    default: false,
    reload: 'live',
    since: 2,
    spelled: ['play.mix_correct', 'mix_correct'],
    doc: 'Sort audio and video by time, for encoders that send them out of order.',
  },
  send_min_interval: {
    type: 'ms',
    default: 0,
    reload: 'live',
    since: 2,
    spelled: ['play.send_min_interval', 'send_min_interval'],
    doc: 'At most one message per interval to each player. 0: no limit.',
  },
  reduce_sequence_header: {
    type: 'onoff',
    default: false,
    reload: 'live',
    since: 2,
    spelled: ['play.reduce_sequence_header', 'reduce_sequence_header'],
    doc: 'Do not send sequence headers and metadata again that are the same as before.',
  },
  in_ack_size: {
    type: 'bytes',
    default: 0,
    reload: 'live',
    since: 3,
    doc: 'The server acknowledges what it received after so many bytes. 0: as the client asks, and after half of `out_ack_size`.',
  },
  out_ack_size: {
    type: 'bytes',
    default: 2_500_000,
    reload: 'next',
    since: 3,
    doc: 'Window Acknowledgement Size and Peer Bandwidth that are announced to the client. 0: neither.',
  },
  publish: {
    type: 'block',
    doc: 'What encoders may do.',
    rows: {
      first_packet_timeout: {
        type: 'ms',
        default: 20_000,
        min: 1,
        reload: 'live',
        since: 2,
        spelled: ['publish.firstpkt_timeout', 'publish_1stpkt_timeout'],
        doc: 'Before its first sound or picture an encoder that falls silent is closed after this time; metadata and codec configurations are neither.',
      },
      normal_timeout: {
        type: 'ms',
        default: 5000,
        min: 1,
        reload: 'live',
        since: 2,
        spelled: ['publish.normal_timeout', 'publish_normal_timeout'],
        doc: 'Once its sound or picture has begun, an encoder that falls silent is closed after this time.',
      },
      mr: {
        type: 'onoff',
        default: false,
        reload: 'live',
        since: 2,
        spelled: ['publish.mr', 'mr.enabled'],
        doc: 'Merged read: read less often from encoders, more at a time. Saves CPU with many encoders, adds delay.',
      },
      mr_latency: {
        type: 'ms',
        default: 350,
        min: 0,
        max: 60_000,
        reload: 'live',
        since: 2,
        spelled: ['publish.mr_latency', 'mr.latency'],
        doc: 'How long merged read waits between two reads.',
      },
      policy: {
        type: 'enum',
        values: ['takeover', 'reject'],
        default: 'takeover',
        reload: 'live',
        since: 'own',
        doc: 'A second encoder for a stream that is being published: takeover closes the first one, reject refuses the second one.',
      },
      grace: {
        type: 'seconds',
        default: 10,
        reload: 'live',
        since: 'own',
        doc: 'A stream without encoder is kept this long, so that its clock and its outputs go on when one comes back.',
      },
    },
  },
  ...httpInVhost,
  ...access,
  ...httpHooks,
  hls,
  dvr,
  ...cluster,
  ...forward,
  ...bandcheck,
  transcodes,
  ingests,
} as const satisfies DirectiveTable;

/** A vhost with every setting filled in. */
export interface VhostConfig extends ConfigOf<typeof vhost> {
  readonly name: string;
}

/** Accepted with a warning: names without effect. */
export const laterInVhost = {
  'http_remux.fast_cache': { since: 2, note: 'newcomers start at the newest key frame' },
  'http_remux.hstrs': { since: 2, note: 'a request always waits for its stream' },
  'http_remux.drop_if_not_match': { since: 5, note: 'what has_audio or has_video turns off is left out' },
  ...acceptedInVhost,
  ...laterInCluster,
  ...laterInHls,
} as const satisfies LaterTable;
