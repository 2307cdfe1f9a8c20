import { Marker, maxInteger, minInteger } from './amf3-markers.js';
import type { Budget } from './budget.js';
import type { ByteWriter } from './byte-writer.js';
import { limitError, syntaxError } from './errors.js';
import { AmfObject, type AmfValue } from './value.js';

/** No sealed names, inline, dynamic: §3.12. */
const dynamicTraits = 0x0b;

/** Writes AMF3 values. Everything is written out, nothing referred to: readers need no tables for it. */
export class Amf3Writer {
  readonly #out: ByteWriter;
  readonly #budget: Budget;

  constructor(out: ByteWriter, budget: Budget) {
    this.#out = out;
    this.#budget = budget;
  }

  value(value: AmfValue): void {
    this.#budget.spend();
    const out = this.#out;
    if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'boolean') out.u8(value ? Marker.true : Marker.false);
    else if (typeof value === 'string') {
      out.u8(Marker.string);
      this.#string(value);
    } else if (value === undefined) out.u8(Marker.undefined);
    else if (value === null) out.u8(Marker.null);
    else if (value instanceof AmfObject) this.#object(value);
    else if (value instanceof Date) this.#date(value);
    else if (value instanceof Uint8Array) this.#byteArray(value);
    else this.#array(value);
  }

  #number(value: number): void {
    if (Number.isInteger(value) && value >= minInteger && value <= maxInteger && !Object.is(value, -0)) {
      this.#out.u8(Marker.integer);
      this.#u29(value & 0x1fff_ffff);
    } else {
      this.#out.u8(Marker.double);
      this.#out.double(value);
    }
  }

  #date(date: Date): void {
    this.#out.u8(Marker.date);
    this.#u29(1);
    this.#out.double(date.getTime());
  }

  #byteArray(bytes: Uint8Array): void {
    this.#out.u8(Marker.byteArray);
    this.#length(bytes.byteLength);
    this.#out.bytes(bytes);
  }

  /** An ECMA object is an array with names only, anything else a dynamic object. */
  #object(object: AmfObject): void {
    this.#budget.enter();
    if (object.ecma) {
      this.#out.u8(Marker.array);
      this.#length(0);
    } else {
      this.#out.u8(Marker.object);
      this.#u29(dynamicTraits);
      this.#string(object.className);
    }
    for (const [name, value] of object) {
      if (name === '') throw syntaxError('AMF3 cannot carry a property without a name');
      this.#string(name);
      this.value(value);
    }
    this.#string('');
    this.#budget.leave();
  }

  #array(items: readonly AmfValue[]): void {
    this.#budget.enter();
    this.#out.u8(Marker.array);
    this.#length(items.length);
    this.#string('');
    for (let i = 0; i < items.length; i++) this.value(items[i]);
    this.#budget.leave();
  }

  #string(text: string): void {
    const length = Buffer.byteLength(text);
    this.#length(length);
    this.#out.utf8(text, length);
  }

  /** A length with the bit that says: not a reference. */
  #length(length: number): void {
    if (length > maxInteger) throw limitError('value is too long for AMF3', { length, limit: maxInteger });
    this.#u29(length * 2 + 1);
  }

  /** @param value 0 … 2^29 - 1 */
  #u29(value: number): void {
    const out = this.#out;
    if (value < 0x20_0000) {
      if (value >= 0x4000) out.u8((value >> 14) | 0x80);
      if (value >= 0x80) out.u8((value >> 7) | 0x80);
      out.u8(value & 0x7f);
    } else {
      out.u8((value >> 22) | 0x80);
      out.u8((value >> 15) | 0x80);
      out.u8((value >> 8) | 0x80);
      out.u8(value);
    }
  }
}
