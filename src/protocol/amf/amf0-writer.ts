import { Marker } from './amf0-markers.js';
import { Amf3Writer } from './amf3-writer.js';
import { Budget } from './budget.js';
import type { ByteWriter } from './byte-writer.js';
import { limitError } from './errors.js';
import { AmfObject, type AmfValue } from './value.js';

/** Writes the values of one message. No references: every reader understands a value that is written out. */
export class Amf0Writer {
  readonly #out: ByteWriter;
  readonly #budget = new Budget();
  #amf3: Amf3Writer | undefined;

  constructor(out: ByteWriter) {
    this.#out = out;
  }

  value(value: AmfValue): void {
    this.#budget.spend();
    const out = this.#out;
    if (typeof value === 'number') {
      out.u8(Marker.number);
      out.double(value);
    } else if (typeof value === 'boolean') {
      out.u8(Marker.boolean);
      out.u8(value ? 1 : 0);
    } else if (typeof value === 'string') this.#string(value);
    else if (value === undefined) out.u8(Marker.undefined);
    else if (value === null) out.u8(Marker.null);
    else if (value instanceof AmfObject) this.#object(value);
    else if (value instanceof Date) this.#date(value);
    else if (value instanceof Uint8Array) this.#byteArray(value);
    else this.#strictArray(value);
  }

  #string(text: string): void {
    const length = Buffer.byteLength(text);
    if (length <= 0xffff) {
      this.#out.u8(Marker.string);
      this.#out.u16(length);
    } else {
      this.#out.u8(Marker.longString);
      this.#out.u32(length);
    }
    this.#out.utf8(text, length);
  }

  #object(object: AmfObject): void {
    this.#budget.enter();
    const out = this.#out;
    if (object.ecma) {
      out.u8(Marker.ecmaArray);
      out.u32(object.size);
    } else if (object.className === '') {
      out.u8(Marker.object);
    } else {
      out.u8(Marker.typedObject);
      this.#name(object.className);
    }
    for (const [name, value] of object) {
      this.#name(name);
      this.value(value);
    }
    out.u16(0);
    out.u8(Marker.objectEnd);
    this.#budget.leave();
  }

  #name(name: string): void {
    const length = Buffer.byteLength(name);
    if (length > 0xffff) throw limitError('property name is too long for AMF0', { length, limit: 0xffff });
    this.#out.u16(length);
    this.#out.utf8(name, length);
  }

  #strictArray(items: readonly AmfValue[]): void {
    this.#budget.enter();
    this.#out.u8(Marker.strictArray);
    this.#out.u32(items.length);
    for (let i = 0; i < items.length; i++) this.value(items[i]);
    this.#budget.leave();
  }

  #date(date: Date): void {
    this.#out.u8(Marker.date);
    this.#out.double(date.getTime());
    this.#out.u16(0); // time zone: reserved (§2.13)
  }

  /** AMF0 has no bytes of its own: it switches to AMF3 for this value (§3.1). */
  #byteArray(bytes: Uint8Array): void {
    this.#out.u8(Marker.avmPlus);
    this.#amf3 ??= new Amf3Writer(this.#out, this.#budget);
    this.#amf3.value(bytes);
  }
}
