import type { Frame } from '../core/index.js';
import { TagType, tagLength, writeTag } from '../protocol/flv/index.js';
import type { Selection, WireFormat } from './wire-format.js';

const TYPE = { audio: TagType.audio, video: TagType.video, data: TagType.script } as const;

/** FLV tags as they stand in a file: HTTP/1.0 and whoever frames them itself (http.md §4). */
export class FlvFormat implements WireFormat {
  readonly id: string;

  constructor(readonly selection: Selection = 'all') {
    this.id = `flv:${selection}`;
  }

  lengthOf(frame: Frame): number {
    return tagLength(frame.payload.length);
  }

  write(out: Buffer, at: number, { kind, dts, payload }: Frame): number {
    return writeTag(out, at, TYPE[kind], dts, payload);
  }
}

const CRLF = 0x0d0a;
const CRLF_BYTES = 2;

/** FLV tags, each in one chunk of HTTP/1.1's chunked coding (RFC 9112 §7.1): the same bytes for every viewer. */
export class FlvChunkedFormat implements WireFormat {
  readonly id: string;

  constructor(readonly selection: Selection = 'all') {
    this.id = `flv-chunked:${selection}`;
  }

  lengthOf(frame: Frame): number {
    const length = tagLength(frame.payload.length);
    return hexDigits(length) + length + 2 * CRLF_BYTES;
  }

  write(out: Buffer, at: number, { kind, dts, payload }: Frame): number {
    const body = out.write(tagLength(payload.length).toString(16), at, 'latin1') + at;
    const end = writeTag(out, out.writeUInt16BE(CRLF, body), TYPE[kind], dts, payload);
    return out.writeUInt16BE(CRLF, end);
  }
}

const hexDigits = (n: number): number => Math.ceil((32 - Math.clz32(n)) / 4);

/** FLV tags, each in one unmasked binary WebSocket message (RFC 6455 §5.2): the same bytes for every viewer. */
export class FlvWebSocketFormat implements WireFormat {
  readonly id: string;

  constructor(readonly selection: Selection = 'all') {
    this.id = `flv-ws:${selection}`;
  }

  lengthOf(frame: Frame): number {
    const length = tagLength(frame.payload.length);
    return webSocketHeaderLength(length) + length;
  }

  write(out: Buffer, at: number, { kind, dts, payload }: Frame): number {
    const body = writeWebSocketHeader(out, at, tagLength(payload.length));
    return writeTag(out, body, TYPE[kind], dts, payload);
  }
}

const FINAL_BINARY = 0x82;

const webSocketHeaderLength = (length: number): number => (length < 126 ? 2 : length < 65_536 ? 4 : 10);

function writeWebSocketHeader(out: Buffer, at: number, length: number): number {
  out[at] = FINAL_BINARY;
  if (length < 126) {
    out[at + 1] = length;
    return at + 2;
  }
  if (length < 65_536) {
    out[at + 1] = 126;
    return out.writeUInt16BE(length, at + 2);
  }
  out[at + 1] = 127;
  return out.writeBigUInt64BE(BigInt(length), at + 2);
}

/** Some bytes in the framing of a format, for what goes before the first tag. */
export const httpChunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`, 'latin1'), bytes, Buffer.from('\r\n', 'latin1')]);

export function webSocketMessage(bytes: Buffer): Buffer {
  const header = Buffer.alloc(webSocketHeaderLength(bytes.length));
  writeWebSocketHeader(header, 0, bytes.length);
  return Buffer.concat([header, bytes]);
}
