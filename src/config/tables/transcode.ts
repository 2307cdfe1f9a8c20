import type { DirectiveTable, Row } from '../table.js';
import { engine } from './engine.js';

/** What may stand in `transcode SCOPE { … }`. */
const transcodeRows = {
  enabled: { type: 'onoff', default: false, reload: 'live', doc: 'Run the engines of this block.' },
  ffmpeg: {
    type: 'string',
    default: '',
    reload: 'live',
    doc: 'The program: a path, or a name that is looked for in PATH.',
  },
  stall_timeout: {
    type: 'seconds',
    default: 30,
    reload: 'live',
    since: 'own',
    doc: 'An ffmpeg without progress for so long while the stream is published is killed and started again. 0: never.',
  },
  engines: {
    type: 'named',
    spelled: ['engine'],
    example: 'hd',
    optional: true,
    rows: engine,
    later: {},
    doc: 'One ffmpeg per stream. Its input is the stream, read from this server.',
  },
} as const satisfies DirectiveTable;

/** `transcode [SCOPE] { … }` in a vhost. */
export const transcodes = {
  type: 'named',
  spelled: ['transcode'],
  example: 'live/livestream',
  optional: true,
  rows: transcodeRows,
  later: {},
  doc: 'ffmpeg makes other streams of those that are published. The scope is an app, an app and a stream (APP/STREAM), or left out for the whole vhost; every block whose scope matches counts.',
} as const satisfies Row;
