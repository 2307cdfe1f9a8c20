import { like } from '../forms.js';
import type { DirectiveTable, Row } from '../table.js';
import { tlsBlock } from './tls.js';

/** `http_server { … }` at the top of the file; `http_stream` of version 1. */
export const httpServer = {
  type: 'block',
  doc: 'The HTTP server: files, and live streams as HTTP-FLV and WebSocket-FLV.',
  rows: {
    enabled: {
      type: 'onoff',
      default: false,
      reload: 'relisten',
      spelled: ['http_server.enabled', 'http_stream.enabled'],
      doc: 'Serve HTTP.',
    },
    listen: {
      type: 'listen',
      required: false,
      example: '8080',
      reload: 'relisten',
      spelled: ['http_server.listen', 'http_stream.listen'],
      doc: 'Where HTTP clients connect.',
    },
    dir: {
      type: 'string',
      default: './objs/nginx/html',
      reload: 'live',
      spelled: ['http_server.dir', 'http_stream.dir'],
      doc: 'Files for every vhost that has no http_static of its own.',
    },
    crossdomain: {
      type: 'onoff',
      default: true,
      reload: 'live',
      since: 3,
      spelled: ['http_server.crossdomain', 'http_stream.crossdomain'],
      doc: 'Web pages of any origin may read streams and files.',
    },
    console: {
      type: 'onoff',
      default: false,
      reload: 'live',
      since: 'own',
      doc: 'The list of live streams at /console/streams.json, and files of the console from dist/console at /. Whoever reaches the port sees the names of all streams.',
    },
    https: tlsBlock('The HTTP server over TLS.', '8088', 4, ['http_server.https', 'http_stream.https']),
  },
} as const satisfies Row;

/** What a vhost serves over HTTP. */
export const httpInVhost = {
  http_static: {
    type: 'block',
    doc: 'Files of this vhost over HTTP.',
    rows: {
      enabled: {
        type: 'onoff',
        default: false,
        reload: 'live',
        spelled: ['http_static.enabled', 'http.enabled'],
        doc: 'Serve files of this vhost.',
      },
      mount: {
        type: 'string',
        default: '[vhost]/',
        reload: 'live',
        spelled: ['http_static.mount', 'http.mount'],
        doc: 'Prefix of the paths. [vhost] stands for the host in the URL, which is told by the Host header.',
      },
      dir: {
        type: 'string',
        default: './objs/nginx/html',
        reload: 'live',
        spelled: ['http_static.dir', 'http.dir'],
        doc: 'The directory; nothing outside of it is served, also not through links.',
      },
    },
  },
  http_remux: {
    type: 'block',
    doc: 'Live streams of this vhost as FLV or MPEG-TS over HTTP and WebSocket.',
    rows: {
      enabled: { type: 'onoff', default: false, reload: 'live', since: 2, doc: 'Serve live streams over HTTP.' },
      mount: {
        type: 'strings',
        each: 'directive',
        default: ['[vhost]/[app]/[stream].flv'],
        form: like(
          /^(?=\S*\[stream\])(?!.*\[(vhost|app|stream)\].*\[\1\])\S+\.(flv|ts)$/s,
          'one path with [stream] in it, each variable once, and .flv or .ts at its end',
        ),
        leaveOut: { pattern: '\\.(aac|mp3)$', note: 'is not served: streams are FLV or MPEG-TS here' },
        reload: 'live',
        since: 2,
        doc: 'Path of a stream, with [stream] in it: .flv at its end makes it FLV, .ts an MPEG transport stream. Several mounts are several directives.',
      },
      publish: {
        type: 'onoff',
        default: true,
        reload: 'live',
        since: 'own',
        guards: true,
        doc: 'Encoders may publish over HTTP and WebSocket, too, under the URLs of FLV.',
      },
      guess_has_av: {
        type: 'onoff',
        default: true,
        reload: 'next',
        since: 5,
        doc: 'The header of FLV names the tracks that the stream has. off: those of has_audio and has_video.',
      },
      has_audio: {
        type: 'onoff',
        default: true,
        reload: 'next',
        since: 5,
        doc: 'With guess_has_av off: the header names sound. off leaves it out of the stream; has_video off as well leaves out nothing.',
      },
      has_video: {
        type: 'onoff',
        default: true,
        reload: 'next',
        since: 5,
        doc: 'With guess_has_av off: the header names pictures. off leaves them out of the stream.',
      },
      wait: {
        type: 'seconds',
        default: 5,
        reload: 'live',
        since: 'own',
        doc: 'How long a request waits for a stream that is not live, before it is answered with 404.',
      },
    },
  },
} as const satisfies DirectiveTable;
