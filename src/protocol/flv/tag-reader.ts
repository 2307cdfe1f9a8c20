import { freeze, own, type Payload } from '../../core/index.js';
import { ProtocolError } from '../../kernel/index.js';
import { type FlvHeader, type FlvTag, fileHeaderBytes, TagType, tagHeaderBytes, tagSizeBytes } from './tag.js';

type Step = 'file' | 'skip' | 'size' | 'tag' | 'body' | 'dead';

/** A header may announce more bytes than the nine we know; far more is garbage. */
const maxHeaderBytes = 65_536;
/** A body that comes in pieces begins with so much room and grows with what arrives, not with what was announced. */
const firstRoom = 65_536;

const syntaxError = (message: string, context: Readonly<Record<string, unknown>> = {}): ProtocolError =>
  new ProtocolError('FLV_SYNTAX', message, context);

/**
 * FLV bytes → tags (FLV §E.2–E.4). Any slicing of the input gives the same tags.
 * PreviousTagSize is not looked at: some encoders write it wrong, and nobody here reads backwards.
 */
export class FlvReader {
  #step: Step = 'file';
  #header: FlvHeader | undefined;
  /** Collects the fixed part that the current step waits for. */
  readonly #fixed = Buffer.allocUnsafeSlow(tagHeaderBytes);
  #have = 0;
  #toSkip = 0;
  #type: TagType = TagType.audio;
  #timestamp = 0;
  #bodyLength = 0;
  #body: Buffer | undefined;

  /** The file header, once it has arrived. */
  get header(): FlvHeader | undefined {
    return this.#header;
  }

  /** @throws {ProtocolError} FLV_SYNTAX, after which the reader is dead: tags of the same push are lost with it. */
  push(bytes: Uint8Array): FlvTag[] {
    const out: FlvTag[] = [];
    try {
      let at = 0;
      while (at < bytes.length) at = this.#advance(bytes, at, out);
    } catch (error) {
      this.#step = 'dead';
      throw error;
    }
    return out;
  }

  /** Takes at least one byte. */
  #advance(bytes: Uint8Array, at: number, out: FlvTag[]): number {
    switch (this.#step) {
      case 'file':
        return this.#collect(bytes, at, fileHeaderBytes, () => this.#readFileHeader());
      case 'tag':
        return this.#collect(bytes, at, tagHeaderBytes, () => this.#readTagHeader(out));
      case 'skip':
        return this.#skip(bytes, at, 'size');
      case 'size':
        return this.#skip(bytes, at, 'tag');
      case 'body':
        return this.#readBody(bytes, at, out);
      case 'dead':
        throw syntaxError('bytes after an error');
      default:
        this.#step satisfies never;
        return at;
    }
  }

  #collect(bytes: Uint8Array, at: number, length: number, then: () => void): number {
    const end = Math.min(bytes.length, at + length - this.#have);
    this.#fixed.set(bytes.subarray(at, end), this.#have);
    this.#have += end - at;
    if (this.#have === length) {
      this.#have = 0;
      then();
    }
    return end;
  }

  #skip(bytes: Uint8Array, at: number, next: 'size' | 'tag'): number {
    const end = Math.min(bytes.length, at + this.#toSkip);
    this.#toSkip -= end - at;
    if (this.#toSkip === 0) {
      this.#step = next;
      this.#toSkip = tagSizeBytes;
    }
    return end;
  }

  #readFileHeader(): void {
    const fixed = this.#fixed;
    if (fixed.toString('latin1', 0, 3) !== 'FLV') throw syntaxError('no FLV signature');
    const length = fixed.readUInt32BE(5);
    if (length < fileHeaderBytes || length > maxHeaderBytes) throw syntaxError('wrong length of header', { length });
    const flags = fixed[4] as number;
    this.#header = { audio: (flags & 4) !== 0, video: (flags & 1) !== 0 };
    this.#toSkip = length - fileHeaderBytes;
    this.#step = 'skip';
    if (this.#toSkip === 0) {
      this.#step = 'size';
      this.#toSkip = tagSizeBytes;
    }
  }

  #readTagHeader(out: FlvTag[]): void {
    const fixed = this.#fixed;
    const type = fixed[0] as number;
    // Other types and the "filtered" bit of encrypted tags: nothing we could use, and most likely not the begin of a tag.
    if (type !== TagType.audio && type !== TagType.video && type !== TagType.script)
      throw syntaxError('unknown type of tag', { type });
    this.#type = type;
    this.#bodyLength = fixed.readUIntBE(1, 3);
    this.#timestamp = fixed.readUIntBE(4, 3) + (fixed[7] as number) * 0x100_0000;
    this.#step = 'body';
    if (this.#bodyLength === 0) this.#emit(own(fixed.subarray(0, 0)), out);
  }

  #readBody(bytes: Uint8Array, at: number, out: FlvTag[]): number {
    const length = this.#bodyLength;
    const end = Math.min(bytes.length, at + length - this.#have);
    const piece = bytes.subarray(at, end);
    if (piece.length === length) {
      this.#emit(own(piece), out);
      return end;
    }
    const body = this.#room(this.#have + piece.length);
    body.set(piece, this.#have);
    this.#have += piece.length;
    if (this.#have === length) {
      this.#have = 0;
      this.#body = undefined;
      this.#emit(freeze(body), out);
    }
    return end;
  }

  /** Room for so many bytes of the body; never more than its length, so a full one needs no last copy. */
  #room(needed: number): Buffer {
    const body = this.#body;
    if (body !== undefined && body.length >= needed) return body;
    const room = Math.min(this.#bodyLength, Math.max(needed, firstRoom, (body?.length ?? 0) * 2));
    const bigger = Buffer.allocUnsafeSlow(room);
    if (body !== undefined) bigger.set(body.subarray(0, this.#have));
    this.#body = bigger;
    return bigger;
  }

  #emit(payload: Payload, out: FlvTag[]): void {
    out.push({ type: this.#type, timestamp: this.#timestamp, payload });
    this.#step = 'size';
    this.#toSkip = tagSizeBytes;
  }
}
