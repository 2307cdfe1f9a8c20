import { like } from '../forms.js';
import type { DirectiveTable, LaterTable } from '../table.js';
import { isServer } from './forward.js';

/** An edge: a vhost whose streams are another server's. */
export const cluster = {
  cluster: {
    type: 'block',
    doc: 'Whose streams a vhost serves: its own, or those of an origin.',
    rows: {
      mode: {
        type: 'enum',
        values: ['local', 'remote'],
        default: 'local',
        reload: 'refused',
        spelled: ['cluster.mode', 'mode'],
        doc: 'remote: the vhost is an edge. It pulls a stream from its origin while somebody plays it, and pushes there what is published.',
      },
      origin: {
        type: 'strings',
        default: [],
        form: { rule: 'host[:port]', fits: isServer },
        reload: 'next',
        spelled: ['cluster.origin', 'origin'],
        doc: 'The servers that have the streams of an edge, host[:port]. The first is used until it fails, then the next.',
      },
      token_traverse: {
        type: 'onoff',
        default: false,
        guards: true,
        reload: 'live',
        spelled: ['cluster.token_traverse', 'token_traverse'],
        doc: 'An edge asks its origin about every client, with what the client said on connect.',
      },
      vhost: {
        type: 'string',
        default: '[vhost]',
        form: like(/^[^\s/?]+$/, 'the name of a vhost, or [vhost]'),
        reload: 'next',
        since: 2,
        spelled: ['cluster.vhost', 'vhost'],
        doc: 'Which vhost of the origin has the streams of an edge. [vhost] stands for its own name.',
      },
      debug_srs_upnode: {
        type: 'onoff',
        default: true,
        reload: 'next',
        spelled: ['cluster.debug_srs_upnode', 'debug_srs_upnode'],
        doc: 'Tell other servers, on forward and on an edge, which server and client a connection is of, for their logs.',
      },
      linger: {
        type: 'seconds',
        default: 5,
        reload: 'live',
        since: 'own',
        doc: 'An edge pulls a stream so long after its last player has left, for players that come back.',
      },
    },
  },
} as const satisfies DirectiveTable;

/** Names in `cluster { … }` without effect. */
export const laterInCluster = {
  'cluster.origin_cluster': { since: 3, note: 'so origins do not send players to each other' },
  'cluster.coworkers': { since: 3, note: 'so origins do not send players to each other' },
  'cluster.protocol': { since: 5, note: 'an edge speaks RTMP to its origin' },
  'cluster.follow_client': { since: 5, note: 'an edge speaks RTMP to its origin' },
} as const satisfies LaterTable;
