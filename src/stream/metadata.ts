import { freeze, type Payload } from '../core/index.js';
import { ProtocolError } from '../kernel/index.js';
import { AmfObject, type AmfValue, decodeAmf0Leading, encodeAmf0 } from '../protocol/amf/index.js';

/** Keys that name the server in relayed metadata (spec/rtmp.md §8.1). */
export type ServerTags = Readonly<Record<string, string>>;

/**
 * `@setDataFrame onMetaData …` or `onMetaData …` → `onMetaData` with the server's tags, as one AMF0 object.
 * `duration` is removed: a live stream has none, and players would stop there.
 * @returns undefined when the message is other data, which is relayed as it came; 'unreadable' when it is broken, or longer
 * than any that a live stream needs, as the index of a long file is.
 */
export function readMetadata(
  name: string,
  body: Uint8Array,
  tags: ServerTags,
): { payload: Payload; atc: boolean } | 'unreadable' | undefined {
  if (name !== '@setDataFrame' && name !== 'onMetaData') return undefined;
  const values = readableValues(body);
  const at = values.indexOf('onMetaData');
  if (at < 0) return values.length < 2 ? 'unreadable' : undefined;
  if (!values.some((value) => value instanceof AmfObject)) return 'unreadable';
  const properties = new AmfObject();
  for (const value of values.slice(at + 1)) {
    if (value instanceof AmfObject) for (const [key, property] of value) properties.set(key, property);
  }
  const atc = properties.get('bravo_atc') === 'true';
  properties.delete('duration');
  for (const [key, tag] of Object.entries(tags)) properties.set(key, tag as AmfValue);
  return { payload: freeze(encodeAmf0('onMetaData', properties)), atc };
}

function readableValues(body: Uint8Array): AmfValue[] {
  try {
    return decodeAmf0Leading(body, 0, 1);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return [];
  }
}

/** The data message without a leading `@setDataFrame`, which is a word to servers and not to players. */
export function stripSetDataFrame(name: string, body: Payload): Payload {
  if (name !== '@setDataFrame') return body;
  const prefix = 3 + Buffer.byteLength(name);
  return body.subarray(prefix) as unknown as Payload;
}
