import { syntaxError } from './errors.js';

/** A position in the bytes of one message. Every read checks what is there first, so no length can allocate too much. */
export class ByteReader {
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    if (at < 0 || at > bytes.byteLength) throw new RangeError('offset outside of the bytes');
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  /** @throws {ProtocolError} AMF_SYNTAX unless that many bytes are left. */
  need(length: number): void {
    if (length > this.left) throw syntaxError('truncated value', { offset: this.at, length, left: this.left });
  }

  u8(): number {
    this.need(1);
    return this.#bytes[this.at++] as number;
  }

  u16(): number {
    this.need(2);
    const value = this.#bytes.readUInt16BE(this.at);
    this.at += 2;
    return value;
  }

  u32(): number {
    this.need(4);
    const value = this.#bytes.readUInt32BE(this.at);
    this.at += 4;
    return value;
  }

  i32(): number {
    return this.u32() | 0;
  }

  double(): number {
    this.need(8);
    const value = this.#bytes.readDoubleBE(this.at);
    this.at += 8;
    return value;
  }

  /** UTF-8; bytes that are not become U+FFFD. */
  utf8(length: number): string {
    this.need(length);
    const begin = this.at;
    this.at += length;
    return this.#bytes.toString('utf8', begin, this.at);
  }

  /** A copy: a few bytes must not pin the whole message. */
  copy(length: number): Uint8Array {
    this.need(length);
    const begin = this.at;
    this.at += length;
    return new Uint8Array(this.#bytes.subarray(begin, this.at));
  }

  /** The end marker of AMF0 objects: an empty name and the marker 9 (AMF0 §2.11). */
  takeObjectEnd(): boolean {
    const { at } = this;
    if (this.#bytes[at] !== 0 || this.#bytes[at + 1] !== 0 || this.#bytes[at + 2] !== 9) return false;
    this.at += 3;
    return true;
  }
}
