import { flvHeader, flvStartBytes, TagType, tagLength, writeTag } from '../../protocol/flv/index.js';
import type { FileFacts, FileMetadata } from './file-metadata.js';

/** The first bytes of a recording: the header, and the metadata in a tag. As long when the file is closed as before. */
export function fileFront(
  kinds: { readonly audio: boolean; readonly video: boolean },
  metadata: FileMetadata,
  facts?: FileFacts,
): Buffer {
  const body = metadata.encode(facts);
  const front = Buffer.alloc(flvStartBytes + tagLength(body.length));
  flvHeader(kinds).copy(front);
  writeTag(front, flvStartBytes, TagType.script, 0, body);
  return front;
}
