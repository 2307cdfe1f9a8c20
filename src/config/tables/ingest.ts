import type { ConfigOf, DirectiveTable, Row } from '../table.js';
import { engine } from './engine.js';

/** What may stand in the `engine NAME { … }` of an ingest: as in a transcode, but for what it means to be off. */
const engineRows = {
  ...engine,
  enabled: {
    ...engine.enabled,
    actsOff: true,
    doc: 'off: only output counts, and the input is copied to it as it comes.',
  },
  iformat: { ...engine.iformat, default: 'off', doc: 'Format of the input, -f. off: ffmpeg finds out.' },
  vcodec: {
    ...engine.vcodec,
    doc: 'Encoder of the video, -vcodec; copy: as it comes; vn: no video. Without it or acodec both are copied.',
  },
  acodec: {
    ...engine.acodec,
    doc: 'Encoder of the audio, -acodec; copy: as it comes; an: no audio. Without it or vcodec both are copied.',
  },
  output: {
    ...engine.output,
    doc: 'Where the result goes. [vhost] stands for the name of the vhost, [port] for the first port of listen.',
  },
} as const satisfies DirectiveTable;

/** What may stand in `ingest NAME { … }`. */
const ingestRows = {
  enabled: { type: 'onoff', default: false, reload: 'live', doc: 'Run this ingest.' },
  input: {
    type: 'block',
    doc: 'What is pulled.',
    rows: {
      type: {
        type: 'enum',
        values: ['file', 'stream'],
        default: 'file',
        reload: 'live',
        doc: 'file: played in real time, over and over. stream: read as it comes, and opened again when it ends.',
      },
      url: {
        type: 'string',
        default: '',
        reload: 'live',
        doc: 'A file, or any URL that ffmpeg reads: rtmp, rtsp, http, hls, udp.',
      },
    },
  },
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
    doc: 'An ffmpeg without progress for so long is killed and started again. 0: never.',
  },
  engines: {
    type: 'named',
    spelled: ['engine'],
    example: 'copy',
    optional: true,
    rows: engineRows,
    later: {},
    doc: 'One ffmpeg each, which reads the input and publishes it.',
  },
} as const satisfies DirectiveTable;

/** `ingest NAME { … }` in a vhost. */
export const ingests = {
  type: 'named',
  spelled: ['ingest'],
  example: 'camera',
  unique: true,
  rows: ingestRows,
  later: {},
  doc: 'ffmpeg pulls a file or stream and publishes it here, as long as the server runs.',
} as const satisfies Row;

export type IngestConfig = { readonly name: string } & ConfigOf<typeof ingestRows>;
