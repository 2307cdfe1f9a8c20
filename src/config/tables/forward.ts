import type { DirectiveTable } from '../table.js';

const destinations = {
  type: 'strings',
  default: [],
  each: 'word',
  reload: 'live',
} as const;

/** Where live streams are pushed to. */
export const forward = {
  forward_to: {
    ...destinations,
    spelled: ['forward'],
    pattern: String.raw`^(\[[0-9A-Fa-f:.]+\]|[^\s:/[\]]+)(:\d{1,5})?$`,
    doc: 'Servers that get every stream of this vhost under the same names, as host[:port]; the same as forward { enabled on; destination …; }.',
  },
  forward: {
    type: 'block',
    doc: 'Every stream of this vhost is pushed to other servers while it is live.',
    rows: {
      enabled: { type: 'onoff', default: false, reload: 'live', since: 3, doc: 'Push the streams of this vhost.' },
      destination: {
        ...destinations,
        since: 3,
        pattern: String.raw`^(\[[0-9A-Fa-f:.]+\]|[^\s:/[\]]+)(:\d{1,5})?$`,
        doc: 'Servers that get the streams under the same names, as host[:port]. Each directive adds to the list.',
      },
    },
  },
} as const satisfies DirectiveTable;
