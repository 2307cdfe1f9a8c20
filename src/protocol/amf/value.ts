/** What an AMF0 or AMF3 value is in JavaScript. `Uint8Array` is an AMF3 ByteArray; XML documents arrive as strings. */
export type AmfValue = number | boolean | string | null | undefined | Date | AmfValue[] | AmfObject | Uint8Array;

export interface AmfObjectShape {
  /** An AMF0 ECMA array, or an AMF3 array with an associative part. */
  readonly ecma?: boolean;
  /** Empty unless the object is typed. */
  readonly className?: string;
}

/** Ordered properties. A Map, so that no key of a peer can touch a prototype. A repeated key keeps its last value. */
export class AmfObject extends Map<string, AmfValue> {
  readonly ecma: boolean;
  readonly className: string;

  constructor(entries: Iterable<readonly [string, AmfValue]> | null = null, shape: AmfObjectShape = {}) {
    super(entries);
    this.ecma = shape.ecma ?? false;
    this.className = shape.className ?? '';
  }

  /** An anonymous object with the record's own properties, in their order. */
  static of(record: Readonly<Record<string, AmfValue>>): AmfObject {
    return new AmfObject(Object.entries(record));
  }

  /** The same as an ECMA array: what `onMetaData` carries. */
  static ecmaOf(record: Readonly<Record<string, AmfValue>>): AmfObject {
    return new AmfObject(Object.entries(record), { ecma: true });
  }
}
