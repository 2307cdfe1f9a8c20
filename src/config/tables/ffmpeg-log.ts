import type { Row } from '../table.js';

/** What ffmpeg says, and where it is kept. */
export const ffmpegLog = {
  type: 'block',
  doc: 'Logs of the ffmpegs that this server runs.',
  rows: {
    dir: {
      type: 'string',
      default: './objs',
      reload: 'next',
      spelled: ['ff_log_dir', 'log_dir'],
      doc: 'Directory of the logs of ffmpeg, one file each. /dev/null: none.',
    },
    level: {
      type: 'enum',
      values: ['quiet', 'panic', 'fatal', 'error', 'warning', 'info', 'verbose', 'debug', 'trace'],
      default: 'info',
      reload: 'next',
      since: 3,
      spelled: ['ff_log_level'],
      doc: 'What ffmpeg writes, -loglevel.',
    },
    max_size: {
      type: 'bytes',
      default: 10_000_000,
      min: 10_000,
      reload: 'next',
      since: 'own',
      spelled: ['ff_log_max_size'],
      doc: 'A log of ffmpeg that grows beyond this is renamed to NAME.1, in place of the one before, and begun anew.',
    },
  },
} as const satisfies Row;
