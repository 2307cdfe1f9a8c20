import type { DirectiveTable } from '../table.js';

/** What the process does at its start, before it serves. */
export const processRows = {
  work_dir: {
    type: 'string',
    default: './',
    reload: 'never',
    since: 2,
    doc: 'The directory to change to at the start: relative paths of this file begin there.',
  },
  server_id: {
    type: 'string',
    default: '',
    reload: 'never',
    since: 4,
    doc: 'Names this server in the API and in hooks; ids of vhosts and streams follow from it. Empty: another one at every start.',
  },
  asprocess: {
    type: 'onoff',
    default: false,
    reload: 'never',
    since: 2,
    doc: 'Stop when the process that started this one has ended. Not for use with daemon on.',
  },
} as const satisfies DirectiveTable;
