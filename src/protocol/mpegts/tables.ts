import { crc32 } from './crc32.js';

export const PACKET_BYTES = 188;
export const SYNC = 0x47;

/** As the original has them. MP3 has one of its own: players tell by it that sound which was AAC is another now. */
export const Pid = { pat: 0, pmt: 0x1001, video: 0x100, aac: 0x101, mp3: 0x102 } as const;
export type VideoTrack = 'avc' | 'hevc';
export type AudioTrack = 'aac' | 'mp3';

/** The tracks of a stream; only real ones are announced. */
export interface Tracks {
  readonly video: VideoTrack | undefined;
  readonly audio: AudioTrack | undefined;
}

/** @see ISO/IEC 13818-1 table 2-34. MP3 as MPEG-2 audio, which the lower sampling rates are. */
const STREAM_TYPE = { avc: 0x1b, hevc: 0x24, aac: 0x0f, mp3: 0x04 } as const;

const STREAM_TYPES: ReadonlyMap<number, string> = new Map([
  [0x01, 'MPEG-1 video'],
  [0x02, 'MPEG-2 video'],
  [0x03, 'MPEG audio'],
  [0x04, 'MPEG audio'],
  [0x06, 'private data'],
  [0x0f, 'AAC'],
  [0x11, 'AAC (LATM)'],
  [0x1b, 'H.264'],
  [0x24, 'HEVC'],
  [0x81, 'AC-3'],
]);

/** A stream type of a program map, in words. */
export const streamTypeName = (type: number): string => STREAM_TYPES.get(type) ?? `stream type 0x${type.toString(16)}`;

/** PID whose packets carry the clock: video where there is some. */
export const pcrPid = ({ video, audio }: Tracks): number => (video === undefined ? Pid[audio ?? 'aac'] : Pid.video);

/** Program association table, one program (ISO/IEC 13818-1 §2.4.4.3). */
export const patSection = (): Uint8Array => section(0x00, 1, [0x00, 0x01, 0xe0 | (Pid.pmt >> 8), Pid.pmt & 0xff], 0);

/** Program map table (ISO/IEC 13818-1 §2.4.4.8). */
export function pmtSection(tracks: Tracks, version = 0): Uint8Array {
  const pcr = pcrPid(tracks);
  const entries: number[] = [];
  if (tracks.video !== undefined) entries.push(...entry(STREAM_TYPE[tracks.video], Pid.video));
  if (tracks.audio !== undefined) entries.push(...entry(STREAM_TYPE[tracks.audio], Pid[tracks.audio]));
  return section(0x02, 1, [0xe0 | (pcr >> 8), pcr & 0xff, 0xf0, 0x00, ...entries], version);
}

const entry = (type: number, pid: number): number[] => [type, 0xe0 | (pid >> 8), pid & 0xff, 0xf0, 0x00];

function section(tableId: number, id: number, body: readonly number[], version: number): Uint8Array {
  const length = 5 + body.length + 4;
  const bytes = Uint8Array.from([
    tableId,
    0xb0 | (length >> 8),
    length & 0xff,
    id >> 8,
    id & 0xff,
    0xc1 | (version << 1),
    0,
    0,
    ...body,
    0,
    0,
    0,
    0,
  ]);
  const crc = crc32(bytes.subarray(0, bytes.length - 4));
  for (let i = 0; i < 4; i++) bytes[bytes.length - 4 + i] = (crc >>> (24 - 8 * i)) & 0xff;
  return bytes;
}
