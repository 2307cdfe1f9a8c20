import { like } from '../forms.js';
import type { Row } from '../table.js';

/** `dvr { … }` */
export const dvr = {
  type: 'block',
  doc: 'Live streams are recorded to FLV files.',
  rows: {
    enabled: { type: 'onoff', default: false, reload: 'live', doc: 'Record the streams of this vhost.' },
    dvr_path: {
      type: 'string',
      default: './objs/nginx/html/[app]/[stream].[timestamp].flv',
      reload: 'live',
      doc: 'Path of a recording; directories are made. [vhost], [app] and [stream] stand for the names, [2006] [01] [02] [15] [04] [05] [999] for year to ms and [timestamp] for ms since 1970 of its begin. A plain directory gets /[app]/[stream].[timestamp].flv, one with a variable /[stream].[timestamp].flv. A file that is there is never written over: the new one gets a number.',
    },
    dvr_plan: {
      type: 'enum',
      values: ['session', 'segment', 'append'],
      default: 'session',
      reload: 'live',
      doc: 'session: a file from publish to its end. segment: a new file every dvr_duration. append, which version 3 removed: as session, with a warning.',
    },
    dvr_duration: {
      type: 'seconds',
      default: 30,
      min: 1,
      reload: 'live',
      doc: 'Length of a file with dvr_plan segment: it ends at the first key frame after so long; sound alone at once.',
    },
    dvr_wait_keyframe: {
      type: 'onoff',
      default: true,
      reload: 'live',
      doc: 'Files begin and end at key frames; sound before the first one is kept. off: at any picture.',
    },
    time_jitter: {
      type: 'enum',
      values: ['full', 'zero', 'off'],
      default: 'full',
      reload: 'live',
      doc: 'full: each file starts at 0, jumps of the clock are repaired. zero: it starts at 0, jumps stay. off: the times of the stream.',
    },
    dvr_apply: {
      type: 'strings',
      default: ['all'],
      form: like(/^(all|[^/].*\/.*[^/])$/, 'all or APP/STREAM'),
      reload: 'live',
      since: 3,
      doc: 'Which streams are recorded: all, or a list of APP/STREAM.',
    },
  },
} as const satisfies Row;
