import { like } from '../forms.js';
import type { Row } from '../table.js';
import { tlsBlock } from './tls.js';

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
    auth: {
      type: 'block',
      doc: 'Name and password (HTTP basic authentication) for reading and writing.',
      rows: {
        enabled: {
          type: 'onoff',
          guards: true,
          default: false,
          reload: 'live',
          since: 5,
          doc: 'Ask for a name and password. Tokens are good as well.',
        },
        username: { type: 'string', default: '', reload: 'live', since: 5, doc: 'The name.' },
        password: {
          type: 'string',
          default: '',
          reload: 'live',
          since: 5,
          secret: true,
          doc: 'The password. While it or the name is empty, nobody gets in this way.',
        },
      },
    },
    allow_origin: {
      type: 'strings',
      default: [],
      form: like(/^(https?:\/\/[^/?#]+|\*)$/, 'an origin such as https://admin.example.com, or *'),
      reload: 'live',
      since: 'own',
      doc: 'Web pages of these origins, such as https://admin.example.com, may use the API. "*" stands for all.',
    },
    https: tlsBlock('The HTTP API over TLS.', '127.0.0.1:1990', 4, ['http_api.https']),
  },
} as const satisfies Row;
