import { Marker } from './amf3-markers.js';
import type { Budget } from './budget.js';
import type { ByteReader } from './byte-reader.js';
import { syntaxError } from './errors.js';
import { ReferenceTable } from './reference-table.js';
import { AmfObject, type AmfValue } from './value.js';

/** Class description of an object; objects of the same class refer to the first one's (AMF3 §3.12). */
interface Traits {
  readonly className: string;
  readonly dynamic: boolean;
  readonly externalizable: boolean;
  readonly names: readonly string[];
  /** That the names take. */
  readonly bytes: number;
}

/** Their class decides how externalizable objects look on the wire. These wrap exactly one value; no other is known. */
const wrappers: ReadonlySet<string> = new Set([
  'flex.messaging.io.ArrayCollection',
  'flex.messaging.io.ArrayList',
  'flex.messaging.io.ObjectProxy',
]);

/** Reads AMF3 values with the string, object and trait tables of one message (AMF3 §2.2). */
export class Amf3Reader {
  readonly #in: ByteReader;
  readonly #budget: Budget;
  readonly #strings: string[] = [];
  readonly #traits: Traits[] = [];
  readonly #objects: ReferenceTable;

  constructor(input: ByteReader, budget: Budget) {
    this.#in = input;
    this.#budget = budget;
    this.#objects = new ReferenceTable(budget, input);
  }

  value(): AmfValue {
    this.#budget.spend();
    const input = this.#in;
    const marker = input.u8();
    switch (marker) {
      case Marker.undefined:
        return undefined;
      case Marker.null:
        return null;
      case Marker.false:
        return false;
      case Marker.true:
        return true;
      case Marker.integer:
        return (this.#u29() << 3) >> 3;
      case Marker.double:
        return input.double();
      case Marker.string:
        return this.#string();
      default:
        return this.#complex(marker);
    }
  }

  /** Complex values begin with U29: a reference to an earlier one, or the length of one that follows. */
  #complex(marker: number): AmfValue {
    if (marker < Marker.xmlDocument || marker > Marker.dictionary)
      throw syntaxError('unknown AMF3 marker', { marker, offset: this.#in.at - 1 });
    const header = this.#u29();
    if ((header & 1) === 0) return this.#objects.get(header >> 1);
    const length = header >> 1;
    switch (marker) {
      case Marker.xmlDocument:
      case Marker.xml:
        return this.#leaf(this.#in.utf8(length), length);
      case Marker.date:
        return this.#leaf(new Date(this.#in.double()));
      case Marker.byteArray:
        return this.#leaf(this.#in.copy(length), length);
      case Marker.array:
        return this.#array(length);
      case Marker.object:
        return this.#object(header);
      case Marker.vectorInt:
        return this.#vector(length, 4, () => this.#in.i32());
      case Marker.vectorUint:
        return this.#vector(length, 4, () => this.#in.u32());
      case Marker.vectorDouble:
        return this.#vector(length, 8, () => this.#in.double());
      case Marker.vectorObject:
        return this.#vectorOfObjects(length);
      default:
        return this.#dictionary(length);
    }
  }

  #leaf(value: AmfValue, bytes = 0): AmfValue {
    this.#objects.addLeaf(value, 0, bytes);
    return value;
  }

  /** 1 to 4 bytes, 7 bits each and 8 in the fourth (§1.3.1). */
  #u29(): number {
    let value = 0;
    for (let i = 0; i < 3; i++) {
      const byte = this.#in.u8();
      value = (value << 7) | (byte & 0x7f);
      if (byte < 0x80) return value;
    }
    return (value << 8) | this.#in.u8();
  }

  /** The empty string is never in the table (§1.3.2). */
  #string(): string {
    const header = this.#u29();
    if ((header & 1) === 0) {
      const text = this.#strings[header >> 1];
      if (text === undefined) throw syntaxError('reference to an unknown string', { index: header >> 1 });
      this.#budget.copy(text.length);
      return text;
    }
    const text = this.#in.utf8(header >> 1);
    if (text !== '') this.#strings.push(text);
    return text;
  }

  /** Dense only: an array. With names: an object, whose dense items come first under their index (§3.11). */
  #array(dense: number): AmfValue {
    const index = this.#objects.open();
    const named = this.#members(null);
    this.#in.need(dense);
    const items: AmfValue[] = [];
    for (let i = 0; i < dense; i++) items.push(this.value());
    const value = named.size === 0 ? items : new AmfObject([...Object.entries(items), ...named], { ecma: true });
    this.#objects.close(index, value);
    return value;
  }

  /** Name and value until the empty name. */
  #members(into: AmfObject | null): Map<string, AmfValue> {
    const members = into ?? new Map<string, AmfValue>();
    for (let name = this.#string(); name !== ''; name = this.#string()) members.set(name, this.value());
    return members;
  }

  #object(header: number): AmfValue {
    const traits = this.#readTraits(header);
    const index = this.#objects.open();
    const value = traits.externalizable ? this.value() : this.#properties(traits);
    this.#objects.close(index, value);
    return value;
  }

  #properties(traits: Traits): AmfObject {
    const object = new AmfObject(null, traits);
    for (const name of traits.names) object.set(name, this.value());
    if (traits.dynamic) this.#members(object);
    return object;
  }

  /** Bits of the header, from the lowest: value, traits inline, externalizable, dynamic, then the number of names. */
  #readTraits(header: number): Traits {
    if ((header & 2) === 0) {
      const known = this.#traits[header >> 2];
      if (known === undefined) throw syntaxError('reference to unknown traits', { index: header >> 2 });
      this.#budget.copy(known.bytes);
      return known;
    }
    const externalizable = (header & 4) !== 0;
    const className = this.#string();
    let bytes = className.length;
    if (externalizable && !wrappers.has(className)) throw syntaxError('externalizable class', { className });
    const count = externalizable ? 0 : header >> 4;
    this.#in.need(count);
    this.#budget.spend(count);
    const names: string[] = [];
    for (let i = 0; i < count; i++) {
      const name = this.#string();
      bytes += name.length;
      names.push(name);
    }
    const traits = { className, externalizable, dynamic: (header & 8) !== 0, names, bytes };
    this.#traits.push(traits);
    return traits;
  }

  #vector(length: number, itemBytes: number, item: () => number): AmfValue {
    this.#in.u8(); // 1 if its length is fixed
    this.#in.need(length * itemBytes);
    this.#budget.spend(length);
    const items = Array.from({ length }, item);
    this.#objects.addLeaf(items, length);
    return items;
  }

  #vectorOfObjects(length: number): AmfValue {
    this.#in.u8(); // 1 if its length is fixed
    const index = this.#objects.open();
    this.#string(); // class of the items
    this.#in.need(length);
    const items: AmfValue[] = [];
    for (let i = 0; i < length; i++) items.push(this.value());
    this.#objects.close(index, items);
    return items;
  }

  /** Keys may be any value. Ours are strings: a complex key becomes `#n`, n counting the entries from 0 (§3.16). */
  #dictionary(length: number): AmfValue {
    this.#in.u8(); // 1 if its keys are weak
    this.#in.need(length * 2);
    const index = this.#objects.open();
    const object = new AmfObject(null, { ecma: true });
    for (let i = 0; i < length; i++) {
      const key = this.value();
      object.set(typeof key === 'object' && key !== null ? `#${i}` : String(key), this.value());
    }
    this.#objects.close(index, object);
    return object;
  }
}
