import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  flvStartBytes,
  readAudioTag,
  readVideoTag,
  TagType,
  tagHeaderBytes,
  tagLength,
  tagSizeBytes,
} from '../../protocol/flv/index.js';
import { fileFront } from './file-front.js';
import { FileMetadata } from './file-metadata.js';
import { FileSpan } from './file-span.js';
import { KeyIndex } from './key-index.js';

/** Read at a time. */
const BLOCK = 2 ** 20;
/** What has to be seen of a tag: its header, and that of its body with a ModEx or two. */
const LOOK = tagHeaderBytes + 64;

/** What was made of a file. */
export interface Repaired {
  readonly bytes: number;
  /** Seconds. */
  readonly duration: number;
}

/**
 * Makes a recording whole whose process was killed: what is behind its last whole tag is cut off, and its header and
 * metadata are written as if it had been closed (reliability R20).
 * @returns undefined: there is no media in it. @throws what the system says; and when its metadata is not of this kind.
 */
export async function repair(file: string): Promise<Repaired | undefined> {
  const handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const found = await scan(handle);
    if (found === undefined) return undefined;
    const { size, span, keys, metadata } = found;
    const duration = span.duration / 1000;
    const front = fileFront(span.kinds, metadata, { duration, filesize: size, keys: keys.within(size) });
    await handle.truncate(size);
    await handle.write(front, 0, front.length, 0);
    return { bytes: size, duration };
  } finally {
    await handle.close();
  }
}

interface Found {
  /** Up to the end of the last whole tag. */
  readonly size: number;
  readonly span: FileSpan;
  readonly keys: KeyIndex;
  readonly metadata: FileMetadata;
}

/** Walks over the tags of a file. @returns undefined for a file without media, or without a whole tag. */
async function scan(handle: FileHandle): Promise<Found | undefined> {
  const { size: end } = await handle.stat();
  const reader = new BlockReader(handle, end);
  let at = flvStartBytes;
  let tag = await readTag(reader, at);
  if (tag === undefined) return undefined;
  const metadata = tag.type === TagType.script ? FileMetadata.of(await reader.read(tag.body, tag.length)) : undefined;
  // Somebody's recording all the same, so whoever looks after it must not take it for empty.
  if (metadata === undefined) throw new Error('its metadata is not that of a recording');
  const span = new FileSpan();
  const keys = new KeyIndex(metadata.room);
  for (; tag !== undefined; tag = await readTag(reader, at)) {
    const { type, time, start, next } = tag;
    if (type !== TagType.script) {
      const { role } = type === TagType.video ? readVideoTag(start) : readAudioTag(start);
      if (type === TagType.video && (role === 'key' || (role === 'config' && span.isEmpty)))
        keys.add({ time: time / 1000, position: at });
      if (role !== 'config' && role !== 'meta') span.note(type === TagType.video ? 'video' : 'audio', time);
    }
    at = next;
  }
  return span.isEmpty ? undefined : { size: at, span, keys, metadata };
}

interface TagAt {
  readonly type: number;
  /** Milliseconds. */
  readonly time: number;
  /** Offset and length of its body, and the first bytes of that. */
  readonly body: number;
  readonly length: number;
  readonly start: Buffer;
  /** Offset behind it. */
  readonly next: number;
}

/** @returns undefined where no whole tag is. */
async function readTag(reader: BlockReader, at: number): Promise<TagAt | undefined> {
  const head = await reader.read(at, LOOK);
  if (head.length < tagHeaderBytes) return undefined;
  const type = head[0] as number;
  const length = head.readUIntBE(1, 3);
  const next = at + tagLength(length);
  const size = await reader.read(next - tagSizeBytes, tagSizeBytes);
  if (size.length < tagSizeBytes || size.readUInt32BE() !== tagHeaderBytes + length) return undefined;
  if (type !== TagType.audio && type !== TagType.video && type !== TagType.script) return undefined;
  const time = head.readUIntBE(4, 3) + (head[7] as number) * 0x100_0000;
  const start = head.subarray(tagHeaderBytes, tagHeaderBytes + length);
  return { type, time, body: at + tagHeaderBytes, length, start, next };
}

/** A file from its begin to its end, read in blocks. */
class BlockReader {
  #block = Buffer.alloc(0);
  #from = 0;

  constructor(
    private readonly handle: FileHandle,
    private readonly end: number,
  ) {}

  /** @returns fewer bytes where the file ends. */
  async read(offset: number, length: number): Promise<Buffer> {
    const to = Math.min(offset + length, this.end);
    if (offset >= to) return Buffer.alloc(0);
    if (offset < this.#from || to > this.#from + this.#block.length) {
      const block = Buffer.allocUnsafe(Math.min(Math.max(BLOCK, to - offset), this.end - offset));
      const { bytesRead } = await this.handle.read(block, 0, block.length, offset);
      this.#block = block.subarray(0, bytesRead);
      this.#from = offset;
    }
    return this.#block.subarray(offset - this.#from, to - this.#from);
  }
}
