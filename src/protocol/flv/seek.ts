import { fileHeaderBytes, TagType, tagHeaderBytes, tagSizeBytes } from './tag.js';

/** The header of a file and the size of the tag before its first one, which is none. */
export const flvStartBytes = fileHeaderBytes + tagSizeBytes;

/** Where the tags are that a player needs whatever it starts at: the first one of video and the first one of audio. */
export interface FlvHeaderTags {
  readonly from: number;
  /** Behind the last of them. */
  readonly to: number;
}

/**
 * Finds the sequence headers of a file (spec/http.md §3.1): from its first tag of audio or video on, to where a kind comes again.
 * @param read some bytes at an offset; fewer where the file ends.
 * @param limit the header tags end within so many bytes. @returns undefined for what is no FLV file with media.
 */
export async function findHeaderTags(
  read: (at: number, length: number) => Promise<Buffer>,
  limit: number,
): Promise<FlvHeaderTags | undefined> {
  const start = await read(0, fileHeaderBytes);
  if (start.length < fileHeaderBytes || start.toString('latin1', 0, 3) !== 'FLV') return undefined;
  const seen = new Set<number>();
  let from: number | undefined;
  let at = start.readUInt32BE(5) + tagSizeBytes;
  while (at < limit && seen.size < 2) {
    const header = await read(at, tagHeaderBytes);
    if (header.length < tagHeaderBytes) break;
    const type = (header[0] as number) & 0x1f;
    const isMedia = type === TagType.audio || type === TagType.video;
    if (!isMedia && type !== TagType.script) return undefined;
    if (isMedia && seen.has(type)) break;
    const next = at + tagHeaderBytes + header.readUIntBE(1, 3) + tagSizeBytes;
    if (next > limit) return undefined;
    if (isMedia) {
      seen.add(type);
      from ??= at;
    }
    at = next;
  }
  return from === undefined ? undefined : { from, to: at };
}
