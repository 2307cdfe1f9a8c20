import type { Row } from '../table.js';

/** `http_api { … }` */
export const httpApi = {
  type: 'block',
  doc: 'The HTTP API: streams and clients, for the operator. Reading and writing are two scopes.',
  rows: {
    enabled: { type: 'onoff', default: false, reload: 'relisten', doc: 'Serve the HTTP API.' },
    listen: {
      type: 'listen',
      required: false,
      example: '127.0.0.1:1985',
      reload: 'relisten',
      doc: 'Where the API is served. Without a token only clients on this machine are answered, whatever the address.',
    },
    read_token: {
      type: 'string',
      default: '-',
      secret: true,
      reload: 'live',
      since: 'own',
      doc: 'Bearer token for reading. "-": reading is free on this machine.',
    },
    write_token: {
      type: 'string',
      default: '-',
      secret: true,
      reload: 'live',
      since: 'own',
      doc: 'Bearer token for reading and writing. "-": nobody may write.',
    },
  },
} as const satisfies Row;
