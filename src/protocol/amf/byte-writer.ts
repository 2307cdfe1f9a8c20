import { limitError } from './errors.js';

/** Longest value that an RTMP message or FLV tag can carry: their length field has 24 bits. */
const maxBytes = 0xff_ffff;
/** Commands fit; it grows for a while if they do not. */
let shared = Buffer.allocUnsafeSlow(4096);

/** Collects the bytes of one encode call. Encoding is synchronous, so all writers share one scratch buffer. */
export class ByteWriter {
  #bytes = shared;
  #at = 0;

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.#at = this.#bytes.writeUInt16BE(value, this.#at);
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#at = this.#bytes.writeUInt32BE(value, this.#at);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#at = this.#bytes.writeDoubleBE(value, this.#at);
  }

  /** @param byteLength of the text as UTF-8, which every caller has written before it. */
  utf8(text: string, byteLength: number): void {
    this.#reserve(byteLength);
    this.#at += this.#bytes.write(text, this.#at, byteLength, 'utf8');
  }

  bytes(bytes: Readonly<Uint8Array>): void {
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }

  /** @returns a copy of exactly what was written. */
  finish(): Buffer {
    const out = Buffer.allocUnsafeSlow(this.#at);
    this.#bytes.copy(out, 0, 0, this.#at);
    return out;
  }

  #reserve(length: number): void {
    const needed = this.#at + length;
    if (needed <= this.#bytes.length) return;
    if (needed > maxBytes) throw limitError('encoded value is too long', { limit: maxBytes });
    const bigger = Buffer.allocUnsafeSlow(Math.min(Math.max(needed, this.#bytes.length * 2), maxBytes));
    this.#bytes.copy(bigger, 0, 0, this.#at);
    this.#bytes = bigger;
    if (bigger.length <= 65_536) shared = bigger;
  }
}
