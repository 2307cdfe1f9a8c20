import { ProtocolError, product, version } from '../../kernel/index.js';
import { AmfObject, type AmfValue, decodeAmf0Leading, encodeAmf0 } from '../../protocol/amf/index.js';
import type { KeyPoint } from './key-index.js';

/** What is known of a file when it is closed. */
export interface FileFacts {
  /** Seconds. */
  readonly duration: number;
  /** Bytes. */
  readonly filesize: number;
  readonly keys: readonly KeyPoint[];
}

/** What another file says of itself, and what is written here anew. */
const OWN = new Set(['duration', 'filesize', 'keyframes', 'haskeyframes', 'filler', 'service']);
const NUMBER = 9;
/** `keyframes { times [], filepositions [] }` without the numbers. */
const KEYFRAMES = 2 + 9 + 1 + (2 + 5 + 1 + 4) + (2 + 13 + 1 + 4) + 3;

/**
 * The onMetaData of a recording: what the stream says, then `filesize`, `duration` and the index of key frames, as
 * players that seek in FLV know it. It has the same length whatever the facts are, so that it can be written at the
 * begin and again, in place, when the file is closed (spec/media.md §3.3). What the index does not need is filled with
 * an array of numbers and nulls, which every reader steps over.
 */
export class FileMetadata {
  readonly #properties: readonly (readonly [string, AmfValue])[];

  /** @param onMetaData of the stream, AMF0. @param room for so many key frames. @param service who writes the file. */
  constructor(
    onMetaData: Uint8Array | undefined,
    readonly room: number,
    private readonly service: AmfValue = `${product.name}/${version}`,
  ) {
    this.#properties = propertiesOf(onMetaData).filter(([name]) => !OWN.has(name.toLowerCase()));
    try {
      this.encode();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#properties = []; // a file does without metadata that leaves no room for the index
    }
  }

  /** @param facts left out: as it stands in a file that is not closed. */
  encode(facts?: FileFacts): Buffer {
    const { keys = [], duration = 0, filesize = 0 } = facts ?? {};
    const object = new AmfObject(this.#properties, { ecma: true });
    object.set('service', this.service);
    object.set('filesize', filesize);
    object.set('duration', duration);
    const left = KEYFRAMES + 2 * NUMBER * this.room - (keys.length === 0 ? 0 : KEYFRAMES + 2 * NUMBER * keys.length);
    if (keys.length > 0)
      object.set(
        'keyframes',
        AmfObject.of({ times: keys.map(({ time }) => time), filepositions: keys.map(({ position }) => position) }),
      );
    object.set('filler', fillerOf(left));
    return encodeAmf0('onMetaData', object);
  }

  /** The metadata of a file that was not closed. @returns undefined: it has none of this kind. */
  static of(body: Uint8Array): FileMetadata | undefined {
    const properties = new Map(propertiesOf(body));
    const filler = properties.get('filler');
    if (!Array.isArray(filler)) return undefined;
    // It may have been killed between the index and the name.
    const index = properties.get('keyframes');
    const times = index instanceof AmfObject ? index.get('times') : undefined;
    let bytes = Array.isArray(times) ? KEYFRAMES + 2 * NUMBER * times.length : 0;
    for (const item of filler) bytes += item === null ? 1 : NUMBER;
    // Another version may have written it, whose name is not as long.
    const metadata = new FileMetadata(body, Math.floor((bytes - KEYFRAMES) / (2 * NUMBER)), properties.get('service'));
    return metadata.encode().length === body.length ? metadata : undefined;
  }
}

/** An array of so many bytes, its own header not counted. */
const fillerOf = (bytes: number): AmfValue[] => [
  ...Array<number>(Math.floor(bytes / NUMBER)).fill(0),
  ...Array<null>(bytes % NUMBER).fill(null),
];

function propertiesOf(body: Uint8Array | undefined): readonly (readonly [string, AmfValue])[] {
  if (body === undefined) return [];
  try {
    const object = decodeAmf0Leading(body, 0, 1).find((value) => value instanceof AmfObject);
    return object === undefined ? [] : [...object];
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return [];
  }
}
