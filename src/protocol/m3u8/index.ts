/** A segment as a playlist lists it. */
export interface PlaylistEntry {
  readonly uri: string;
  /** Seconds. */
  readonly duration: number;
  /** Something changed before it: another publish, another codec. */
  readonly discontinuity: boolean;
}

export interface Playlist {
  /** Whole seconds; no rounded duration may be above it, and it never changes. */
  readonly targetDuration: number;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
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
  for (const { uri, duration, discontinuity } of list.entries) {
    if (discontinuity) lines.push('#EXT-X-DISCONTINUITY');
    lines.push(`#EXTINF:${duration.toFixed(3)},`, uri + query);
  }
  if (list.ended) lines.push('#EXT-X-ENDLIST');
  return `${lines.join('\n')}\n`;
}
