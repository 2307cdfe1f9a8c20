import { ProtocolError } from '../../kernel/index.js';

/** A header of the PROXY protocol, and what came after it. */
export interface ProxyHeader {
  /** The client's own end of the connection; undefined: the proxy speaks for itself, or does not know. */
  readonly source: { readonly address: string; readonly port: number } | undefined;
  readonly rest: Buffer;
}

/** "PROXY TCP6 " with two addresses, two ports, CR and LF: the specification's worst case (§2.1). */
const MAX_V1 = 107;
const V1 = Buffer.from('PROXY ', 'latin1');
const V2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_HEAD = 16;
/** Addresses and TLVs: a certificate's names fit, and no proxy sends more. */
const MAX_V2_BODY = 4096;

/**
 * Reads the header with which a proxy begins a connection, version 1 or 2, in any slicing.
 * @see https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
 */
export class ProxyHeaderReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** @returns undefined while bytes are missing. @throws {ProtocolError} PROXY_HEADER */
  push(bytes: Uint8Array): ProxyHeader | undefined {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    if (beginsLike(this.#bytes, V2)) return this.#bytes.length < V2_HEAD ? undefined : readV2(this.#bytes);
    if (beginsLike(this.#bytes, V1)) return readV1(this.#bytes);
    throw broken('it does not begin like one');
  }
}

/** As far as both go, they are the same. */
const beginsLike = (bytes: Buffer, start: Buffer): boolean => {
  const both = Math.min(bytes.length, start.length);
  return bytes.subarray(0, both).equals(start.subarray(0, both));
};

const broken = (why: string): ProtocolError =>
  new ProtocolError('PROXY_HEADER', `no header of the PROXY protocol: ${why}`);

// ---- version 1: one line of text

function readV1(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.subarray(0, MAX_V1).indexOf('\r\n');
  if (end < 0) {
    if (bytes.length >= MAX_V1) throw broken('its line does not end');
    return undefined;
  }
  const line = bytes.toString('latin1', 0, end);
  const rest = bytes.subarray(end + 2);
  const [, family, ...words] = line.split(' ');
  // A proxy that does not know may put anything after UNKNOWN (§2.1).
  if (family === 'UNKNOWN') return { source: undefined, rest };
  if ((family !== 'TCP4' && family !== 'TCP6') || words.length !== 4) throw broken('its line has other words');
  const [source = '', destination = '', sourcePort = '', destinationPort = ''] = words;
  const read = family === 'TCP4' ? readIPv4 : readIPv6;
  read(destination);
  readPort(destinationPort);
  return { source: { address: read(source), port: readPort(sourcePort) }, rest };
}

function readPort(text: string): number {
  if (!/^(0|[1-9]\d{0,4})$/.test(text) || Number(text) > 65_535) throw broken('a port is none');
  return Number(text);
}

function readIPv4(text: string): string {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256))
    throw broken('an address is none');
  return text;
}

/** The short form (RFC 5952); an IPv4 client of an IPv6 socket is `10.0.0.1`. */
function readIPv6(text: string): string {
  if (!/^[0-9A-Fa-f:.]{2,45}$/.test(text) || !URL.canParse(`http://[${text}]/`)) throw broken('an address is none');
  const short = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (mapped === null) return short;
  return mapped
    .slice(1)
    .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
    .join('.');
}

// ---- version 2: binary

/** Address family and transport → bytes of one address; 0: none, or one that is no IP address. */
const FAMILIES: Readonly<Record<number, number>> = { 0: 0, 17: 4, 33: 16, 49: 0 };

function readV2(bytes: Buffer): ProxyHeader | undefined {
  const command = bytes.readUInt8(12);
  const length = bytes.readUInt16BE(14);
  if (command !== 0x20 && command !== 0x21) throw broken('its version or command is unknown');
  if (length > MAX_V2_BODY) throw broken(`it is longer than ${MAX_V2_BODY} bytes`);
  if (bytes.length < V2_HEAD + length) return undefined;
  const body = bytes.subarray(V2_HEAD, V2_HEAD + length);
  const rest = bytes.subarray(V2_HEAD + length);
  // LOCAL: a health check of the proxy itself; whatever the rest says is to be ignored (§2.2).
  if (command === 0x20) return { source: undefined, rest };
  const size = FAMILIES[bytes.readUInt8(13)];
  if (size === undefined) throw broken('its address family is unknown');
  if (size === 0) return { source: undefined, rest };
  if (length < 2 * size + 4) throw broken('its addresses are cut off');
  const address = body.subarray(0, size);
  const text = size === 4 ? address.join('.') : readIPv6(address.toString('hex').replaceAll(/(.{4})(?=.)/g, '$1:'));
  return { source: { address: text, port: body.readUInt16BE(2 * size) }, rest };
}
