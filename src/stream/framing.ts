/** How a piece of a stream is wrapped on the wire: the same bytes for every viewer. */
export interface Framing {
  readonly name: 'plain' | 'chunked' | 'ws';
  /** Bytes around a piece of so many bytes. */
  overhead(length: number): number;
  /** @returns where the piece goes. */
  begin(out: Buffer, at: number, length: number): number;
  /** @returns the end of all. */
  end(out: Buffer, at: number): number;
}

/** As it is: for HTTP/1.0 and whoever frames it itself. */
export const plain: Framing = { name: 'plain', overhead: () => 0, begin: (_, at) => at, end: (_, at) => at };

const CRLF = 0x0d0a;
const CRLF_BYTES = 2;
const hexDigits = (n: number): number => Math.max(1, Math.ceil((32 - Math.clz32(n)) / 4));

/** One chunk of HTTP/1.1's chunked coding (RFC 9112 §7.1). */
export const chunked: Framing = {
  name: 'chunked',
  overhead: (length) => hexDigits(length) + 2 * CRLF_BYTES,
  begin: (out, at, length) => out.writeUInt16BE(CRLF, at + out.write(length.toString(16), at, 'latin1')),
  end: (out, at) => out.writeUInt16BE(CRLF, at),
};

const FINAL_BINARY = 0x82;

/** One unmasked binary WebSocket message (RFC 6455 §5.2). */
export const webSocket: Framing = {
  name: 'ws',
  overhead: (length) => (length < 126 ? 2 : length < 65_536 ? 4 : 10),
  begin(out, at, length) {
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
  },
  end: (_, at) => at,
};

/** Bytes in a framing, copied: for what is framed once, such as what stands before the first frame. */
export function framed(framing: Framing, bytes: Buffer): Buffer {
  if (framing === plain) return bytes;
  const out = Buffer.alloc(bytes.length + framing.overhead(bytes.length));
  const at = framing.begin(out, 0, bytes.length);
  out.set(bytes, at);
  framing.end(out, at + bytes.length);
  return out;
}
