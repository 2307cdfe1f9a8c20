/** How a segment is encrypted (RFC 8216 §4.3.2.4). */
export interface SegmentKey {
  readonly uri: string;
  /** 32 hexadecimal digits. */
  readonly iv: string;
}

/** A segment as a playlist lists it. */
export interface PlaylistEntry {
  readonly uri: string;
  /** Seconds. */
  readonly duration: number;
  /** Something changed before it: another publish, another codec. */
  readonly discontinuity: boolean;
  /** When its first frame was live, ms since 1970; undefined: nobody knows. */
  readonly date: number | undefined;
  /** Undefined: it is not encrypted. */
  readonly key: SegmentKey | undefined;
}

export interface Playlist {
  /** Whole seconds; no rounded duration may be above it, and it never changes. */
  readonly targetDuration: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  /** Where players begin, seconds from the end and negative; undefined: where they like. */
  readonly startOffset: number | undefined;
  readonly entries: readonly PlaylistEntry[];
  /** Nothing follows. */
  readonly ended: boolean;
}

/** A media playlist (RFC 8216 §4.3). @param query is put behind every URI, so that a token or vhost covers segments too. */
export function writePlaylist(list: Playlist, query = ''): string {
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    `#EXT-X-TARGETDURATION:${list.targetDuration}`,
    `#EXT-X-MEDIA-SEQUENCE:${list.mediaSequence}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${list.discontinuitySequence}`,
  ];
  if (list.startOffset !== undefined) lines.push(`#EXT-X-START:TIME-OFFSET=${list.startOffset.toFixed(3)}`);
  let inForce = KEY_NONE;
  for (const { uri, duration, discontinuity, date, key } of list.entries) {
    if (discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    const tag = keyTag(key, query);
    if (tag !== inForce) lines.push(tag);
    inForce = tag;
    if (date !== undefined) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(date).toISOString()}`);
    lines.push(`#EXTINF:${duration.toFixed(3)},`, uri + query);
  }
  if (list.ended) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}

const KEY_NONE = '#EXT-X-KEY:METHOD=NONE';

/** A key stands before the first segment that it counts for, so also at the top of a list that begins in its middle. */
const keyTag = (key: SegmentKey | undefined, query: string): string =>
  key === undefined ? KEY_NONE : `#EXT-X-KEY:METHOD=AES-128,URI="${key.uri}${query}",IV=0x${key.iv}`;

/** A master playlist with one variant (RFC 8216 §4.3.4.2). @param bandwidth the most bits that a second of it takes. */
export const writeMasterPlaylist = (uri: string, bandwidth: number): string =>
  `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-STREAM-INF:BANDWIDTH=${Math.max(1, Math.ceil(bandwidth))}\n${uri}\n`;
