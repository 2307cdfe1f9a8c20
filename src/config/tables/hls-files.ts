import { like } from '../forms.js';
import type { DirectiveTable } from '../table.js';

/** Of `hls { … }`: files on disk, and keys. */
export const hlsFiles = {
  hls_path: {
    type: 'string',
    default: '',
    reload: 'live',
    doc: 'Directory to which playlists and segments are written, made when it is missing. Left out: no files.',
  },
  hls_storage: {
    type: 'enum',
    values: ['both', 'ram', 'disk'],
    default: 'both',
    reload: 'live',
    since: 2,
    doc: 'both: from memory, and in files where hls_path is set. ram: no files. disk: files only; memory is free once a segment is written.',
  },
  hls_cleanup: {
    type: 'onoff',
    default: true,
    reload: 'live',
    since: 2,
    doc: 'Remove files of segments that no playlist lists any more. off: they are left to the operator.',
  },
  hls_keys: {
    type: 'onoff',
    default: false,
    reload: 'live',
    since: 3,
    doc: 'Encrypt segments with AES-128. Keys are served and written beside them, under the same access rules.',
  },
  hls_fragments_per_key: {
    type: 'integer',
    default: 5,
    min: 1,
    reload: 'live',
    since: 3,
    doc: 'How many segments have the same key; each has an initialization vector of its own.',
  },
  hls_key_file: {
    type: 'string',
    default: '[app]/[stream]-[seq].key',
    form: like(/\[seq\]/, 'a path with [seq] in it'),
    reload: 'live',
    since: 3,
    doc: 'Path of a key, which has to hold [seq], the number of its first segment.',
  },
  hls_key_file_path: {
    type: 'string',
    default: '',
    reload: 'live',
    since: 3,
    doc: 'Directory to which keys are written, where segments are. Left out: hls_path.',
  },
  hls_key_url: {
    type: 'string',
    default: '',
    reload: 'live',
    since: 3,
    doc: 'Stands before the path of each key in playlists, as https://keys.example.com/; left out: paths relative to the playlist.',
  },
} as const satisfies DirectiveTable;
