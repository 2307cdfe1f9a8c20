import { addressRange } from '../forms.js';
import type { DirectiveTable } from '../table.js';

/** Proxies and balancers in front of this server, and how they tell who the client is. */
export const proxies = {
  trusted_proxies: {
    type: 'strings',
    default: [],
    form: addressRange,
    reload: 'live',
    since: 'own',
    doc: 'Addresses and ranges of proxies, such as 10.0.0.0/8. What they say in X-Forwarded-For is the address of an HTTP client; nobody else is believed.',
  },
  proxy_protocol: {
    type: 'onoff',
    default: false,
    reload: 'next',
    since: 'own',
    doc: 'RTMP and HTTP connections from trusted_proxies begin with a header of the PROXY protocol, version 1 or 2. From other addresses they begin without one, from this machine they may.',
  },
} as const satisfies DirectiveTable;
