import { httpUrl } from '../forms.js';
import type { DirectiveTable } from '../table.js';

/** Reports to a manager of many servers. */
export const heartbeatRows = {
  heartbeat: {
    type: 'block',
    doc: 'Tells a web service at regular times that this server lives.',
    rows: {
      enabled: { type: 'onoff', default: false, reload: 'live', doc: 'Send heartbeats.' },
      interval: { type: 'seconds', default: 9.9, min: 0.1, reload: 'live', doc: 'Time between two of them.' },
      url: {
        type: 'string',
        default: 'http://127.0.0.1:8085/api/v1/servers',
        form: httpUrl,
        reload: 'live',
        doc: 'Where they are sent, by POST. HTTPS works.',
      },
      device_id: { type: 'string', default: '', reload: 'live', doc: 'What this machine is called there.' },
      summaries: {
        type: 'onoff',
        default: false,
        reload: 'live',
        doc: 'Send the answer of /api/v1/summaries along.',
      },
    },
  },
  stats: {
    type: 'block',
    doc: 'Which parts of the machine stand for it.',
    rows: {
      network: {
        type: 'integer',
        default: 0,
        reload: 'live',
        doc: 'Which of the IPv4 addresses of this machine heartbeats name, loopback left out, counted from 0.',
      },
    },
  },
} as const satisfies DirectiveTable;
