import type { DirectiveTable } from '../table.js';

/** A vhost whose clients measure their bandwidth to this server. */
export const bandcheck = {
  bandcheck: {
    type: 'block',
    doc: 'A vhost for bandwidth tests: whoever connects is tested and never served. Releases from 5 on have none.',
    rows: {
      enabled: { type: 'onoff', default: false, reload: 'next', doc: 'Test the clients of this vhost.' },
      key: {
        type: 'string',
        default: '',
        secret: true,
        reload: 'next',
        doc: 'The tcUrl of the client must have the parameter key=KEY.',
      },
      interval: {
        type: 'seconds',
        default: 30,
        min: 0,
        reload: 'next',
        doc: 'From the begin of one test to that of the next, of all vhosts together.',
      },
      limit_kbps: {
        type: 'integer',
        default: 1000,
        min: 1,
        max: 100_000,
        reload: 'next',
        doc: 'A test takes no more than this, in each direction.',
      },
    },
  },
} as const satisfies DirectiveTable;
