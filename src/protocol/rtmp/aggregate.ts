import { own } from '../../core/index.js';
import { ProtocolError } from '../../kernel/index.js';
import { u24 } from './big-endian.js';
import { MessageType, type WireMessage } from './wire.js';

/** type(1) size(3) time(3) time's high byte(1) stream id(3), as an FLV tag header. */
const TAG_HEADER = 11;
const BACK_POINTER = 4;
/** More than any encoder puts into one; keeps 16 MiB of empty tags from becoming a million messages. */
const MAX_TAGS = 4096;

/**
 * The audio, video and data messages inside an aggregate; anything else in it, and empty ones, are left out.
 * Times are shifted so that the first tag has the aggregate's own (RTMP 1.0 §7.1.6). Each payload is a copy,
 * so that none of them pins the whole.
 * @throws {ProtocolError} RTMP_MESSAGE if a tag is cut off or there are too many.
 */
export function splitAggregate(w: WireMessage): WireMessage[] {
  const bytes = w.payload as unknown as Buffer;
  const out: WireMessage[] = [];
  let shift: number | undefined;
  for (let at = 0, tags = 0; at < bytes.length; tags++) {
    const start = at + TAG_HEADER;
    if (tags === MAX_TAGS || start > bytes.length) throw broken(w, tags);
    const type = bytes[at] as number;
    const end = start + u24(bytes, at + 1);
    if (end > bytes.length) throw broken(w, tags);
    const time = (u24(bytes, at + 4) | ((bytes[at + 7] as number) << 24)) >>> 0;
    shift ??= w.timestamp - time;
    if (end > start && isFrame(type))
      out.push({
        csid: w.csid,
        type,
        streamId: w.streamId,
        timestamp: (time + shift) >>> 0,
        payload: own(bytes.subarray(start, end)),
      });
    // The last back pointer may be missing.
    at = end + BACK_POINTER;
  }
  return out;
}

const isFrame = (type: number): boolean =>
  type === MessageType.audio ||
  type === MessageType.video ||
  type === MessageType.dataAmf0 ||
  type === MessageType.dataAmf3;

const broken = (w: WireMessage, tags: number): ProtocolError =>
  new ProtocolError('RTMP_MESSAGE', 'a malformed aggregate', { length: w.payload.length, tags });
