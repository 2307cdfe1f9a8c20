import type { LaterTable, Row } from '../table.js';

/** `hls { … }` */
export const hls = {
  type: 'block',
  doc: 'Live streams as HLS, served by the HTTP server from memory.',
  rows: {
    enabled: { type: 'onoff', default: false, reload: 'live', doc: 'Serve the streams of this vhost as HLS.' },
    hls_fragment: {
      type: 'seconds',
      default: 10,
      min: 0.1,
      reload: 'live',
      doc: 'Length of a segment: it ends at the first key frame after so long. A playlist keeps the target duration that it announced, so a longer value acts for streams that begin later.',
    },
    hls_window: { type: 'seconds', default: 60, reload: 'live', doc: 'How much of the stream a playlist lists.' },
    hls_td_ratio: {
      type: 'number',
      default: 1,
      min: 1,
      max: 10,
      reload: 'live',
      since: 2,
      doc: 'The announced target duration is hls_fragment times this, or the first segment if that is longer. No segment exceeds it.',
    },
    hls_dispose: {
      type: 'seconds',
      default: 120,
      reload: 'live',
      since: 2,
      doc: 'When a stream has ended, its playlist and segments are forgotten after so long. 0: never.',
    },
    hls_m3u8_file: {
      type: 'string',
      default: '[app]/[stream].m3u8',
      reload: 'next',
      since: 2,
      doc: 'Path of the playlist. [vhost], [app] and [stream] stand for the names.',
    },
    hls_ts_file: {
      type: 'string',
      default: '[app]/[stream]-[seq].ts',
      reload: 'next',
      since: 2,
      doc: 'Path of a segment; [seq] is its number.',
    },
  },
} as const satisfies Row;

const memory = 'segments are served from memory';

/** Of `hls`, without effect. */
export const laterInHls = {
  'hls.hls_path': { since: 1, note: memory },
  'hls.hls_on_error': { since: 1, note: 'a track that can not be in HLS is left out, the stream goes on' },
  'hls.hls_aof_ratio': { since: 2, note: 'no segment exceeds the target duration' },
  'hls.hls_ts_floor': { since: 2 },
  'hls.hls_entry_prefix': { since: 2 },
  'hls.hls_acodec': { since: 2, never: 'the tracks of the stream are announced' },
  'hls.hls_vcodec': { since: 2, never: 'the tracks of the stream are announced' },
  'hls.hls_cleanup': { since: 2, note: memory },
  'hls.hls_nb_notify': { since: 2 },
  'hls.hls_wait_keyframe': { since: 2, note: 'segments begin at key frames where there are some' },
  'hls.hls_storage': { since: 2, note: memory },
  'hls.hls_mount': { since: 2, note: memory },
  'hls.hls_keys': { since: 3, note: 'so segments are not encrypted' },
  'hls.hls_fragments_per_key': { since: 3 },
  'hls.hls_key_file': { since: 3 },
  'hls.hls_key_file_path': { since: 3 },
  'hls.hls_key_url': { since: 3 },
  'hls.hls_dts_directly': { since: 3 },
  'hls.hls_ctx': { since: 5, note: 'players of HLS are not counted' },
  'hls.hls_ts_ctx': { since: 5, note: 'players of HLS are not counted' },
} as const satisfies LaterTable;
