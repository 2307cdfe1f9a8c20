import { Marker } from './amf0-markers.js';
import { Amf3Reader } from './amf3-reader.js';
import { Budget } from './budget.js';
import { ByteReader } from './byte-reader.js';
import { syntaxError } from './errors.js';
import { ReferenceTable } from './reference-table.js';
import { AmfObject, type AmfObjectShape, type AmfValue } from './value.js';

/** Reads the values of one message, which share references and limits (AMF0 §2). */
export class Amf0Reader {
  readonly #in: ByteReader;
  readonly #budget = new Budget();
  readonly #objects: ReferenceTable;
  /** Made at the first AMF3 value; later ones of the message go on with its tables. */
  #amf3: Amf3Reader | undefined;

  constructor(bytes: Uint8Array, offset: number) {
    this.#in = new ByteReader(bytes, offset);
    this.#objects = new ReferenceTable(this.#budget, this.#in);
  }

  get at(): number {
    return this.#in.at;
  }

  get done(): boolean {
    return this.#in.left === 0;
  }

  value(): AmfValue {
    this.#budget.spend();
    const input = this.#in;
    const marker = input.u8();
    switch (marker) {
      case Marker.number:
        return input.double();
      case Marker.boolean:
        return input.u8() !== 0;
      case Marker.string:
        return input.utf8(input.u16());
      case Marker.object:
        return this.#object({});
      case Marker.null:
        return null;
      case Marker.undefined:
      case Marker.unsupported:
        return undefined;
      case Marker.reference:
        return this.#objects.get(input.u16());
      case Marker.ecmaArray:
        // A hint only: encoders write 0, or count what they then leave out.
        input.u32();
        return this.#object({ ecma: true });
      case Marker.strictArray:
        return this.#strictArray();
      case Marker.date:
        return this.#date();
      case Marker.longString:
      case Marker.xmlDocument:
        return input.utf8(input.u32());
      case Marker.typedObject:
        return this.#object({ className: input.utf8(input.u16()) });
      case Marker.avmPlus:
        this.#amf3 ??= new Amf3Reader(input, this.#budget);
        return this.#amf3.value();
      default:
        throw syntaxError('unknown AMF0 marker', { marker, offset: input.at - 1 });
    }
  }

  /** Ends at `00 00 09`, or where the message does: some peers cut the last end marker off. */
  #object(shape: AmfObjectShape): AmfObject {
    const input = this.#in;
    const index = this.#objects.open();
    const object = new AmfObject(null, shape);
    while (input.left > 0 && !input.takeObjectEnd()) object.set(input.utf8(input.u16()), this.value());
    this.#objects.close(index, object);
    return object;
  }

  #strictArray(): AmfValue[] {
    const count = this.#in.u32();
    this.#in.need(count);
    const index = this.#objects.open();
    const items: AmfValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.value());
    this.#objects.close(index, items);
    return items;
  }

  /** The time zone that follows is reserved and not used (§2.13). */
  #date(): Date {
    const date = new Date(this.#in.double());
    this.#in.u16();
    return date;
  }
}
