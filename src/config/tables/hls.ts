import { like } from '../forms.js';
import type { LaterTable, Row } from '../table.js';
import { hlsFiles } from './hls-files.js';

/** `hls { … }` */
export const hls = {
  type: 'block',
  doc: 'Live streams as HLS: served by the HTTP server from memory, and written to files where hls_path is set.',
  rows: {
    enabled: { type: 'onoff', default: false, reload: 'live', doc: 'Serve the streams of this vhost as HLS.' },
    hls_fragment: {
      type: 'seconds',
      default: 10,
      min: 0.25,
      raise: true,
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
    hls_aof_ratio: {
      type: 'number',
      default: undefined,
      min: 1,
      max: 100,
      reload: 'live',
      since: 2,
      doc: 'A segment without another key frame is cut after hls_fragment times this, or at the target duration if that is sooner. auto: at the target duration; the first segment after 60 s.',
    },
    hls_wait_keyframe: {
      type: 'onoff',
      default: true,
      reload: 'live',
      since: 2,
      doc: 'Cut at key frames. off: at the first picture after hls_fragment, whatever it is, so players may have to wait for a picture.',
    },
    hls_ts_floor: {
      type: 'onoff',
      default: false,
      reload: 'next',
      since: 2,
      doc: 'Cut at whole multiples of hls_fragment on the absolute clock and number the segments by it, so that several servers with the same stream (atc on) make the same segments.',
    },
    hls_on_error: {
      type: 'enum',
      values: ['continue', 'ignore', 'disconnect'],
      default: 'continue',
      reload: 'live',
      doc: 'What to do with media that has no place in a segment. continue: leave that out. ignore: no HLS for this publish. disconnect: close the publisher.',
    },
    hls_acodec: {
      type: 'enum',
      values: ['aac', 'mp3', 'an'],
      default: 'aac',
      reload: 'live',
      since: 2,
      doc: 'an: no sound in HLS. Any other: the sound that the stream has.',
    },
    hls_vcodec: {
      type: 'enum',
      values: ['h264', 'h265', 'vn'],
      default: 'h264',
      reload: 'live',
      since: 2,
      doc: 'vn: no pictures in HLS. Any other: the pictures that the stream has.',
    },
    hls_dts_directly: {
      type: 'onoff',
      default: true,
      reload: 'live',
      since: 3,
      doc: 'Times of AAC as the encoder sends them, in milliseconds. off: counted by samples, exact to 1/90000 s, as long as both agree within 100 ms.',
    },
    hls_dispose: {
      type: 'seconds',
      default: 120,
      reload: 'live',
      since: 2,
      doc: 'When a stream has ended, its playlist and segments are forgotten after so long, and their files removed; at a stop of the server at once. 0: the files stay, and memory is free after 120 s; without files the last 100 streams that ended stay in memory.',
    },
    hls_memory: {
      type: 'bytes',
      default: 256 * 2 ** 20,
      min: 2 ** 20,
      reload: 'live',
      since: 'own',
      doc: 'Most bytes of segments that are kept in memory for one stream. The oldest make way, and a segment is cut at a quarter of it.',
    },
    hls_m3u8_file: {
      type: 'string',
      default: '[app]/[stream].m3u8',
      reload: 'live',
      since: 2,
      doc: 'Path of the playlist. [vhost], [app] and [stream] stand for the names.',
    },
    hls_ts_file: {
      type: 'string',
      default: '[app]/[stream]-[seq].ts',
      form: like(/\[(seq|timestamp)\]/, 'a path with [seq] or [timestamp] in it'),
      reload: 'live',
      since: 2,
      doc: 'Path of a segment, which has to hold [seq] or [timestamp]. [seq] is its number, [duration] its length in ms, [2006] [01] [02] [15] [04] [05] [999] are year to ms and [timestamp] ms since 1970 of its end; with hls_ts_floor the number of its hls_fragment since 1970.',
    },
    hls_entry_prefix: {
      type: 'string',
      default: '',
      reload: 'live',
      since: 2,
      doc: 'Stands before the path of each segment in playlists, as https://cdn.example.com/; left out: paths relative to the playlist.',
    },
    hls_ctx: {
      type: 'onoff',
      default: false,
      reload: 'live',
      since: 5,
      doc: 'Give each player a mark, by way of a master playlist, so that players behind one address are told apart. off: by address and user agent.',
    },
    hls_ts_ctx: {
      type: 'onoff',
      default: true,
      reload: 'live',
      since: 5,
      doc: 'With hls_ctx: the mark stands in the URIs of segments, too, so that each is counted for its player. off: a cache can serve all players the same segment.',
    },
    hls_nb_notify: {
      type: 'bytes',
      default: 64,
      reload: 'live',
      since: 2,
      doc: 'How much of the answer to on_hls_notify is read; enough to make a cache in front fetch the segment.',
    },
    ...hlsFiles,
  },
} as const satisfies Row;

/** Of `hls`, without effect. */
export const laterInHls = {
  'hls.hls_mount': { since: 2, never: 'the paths in memory are those of hls_m3u8_file and hls_ts_file' },
} as const satisfies LaterTable;
