import { ProtocolError } from '../../kernel/index.js';
import { Amf0Reader } from './amf0-reader.js';
import { Amf0Writer } from './amf0-writer.js';
import { Amf3Reader } from './amf3-reader.js';
import { Amf3Writer } from './amf3-writer.js';
import { Budget } from './budget.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import type { AmfValue } from './value.js';

export interface Decoded {
  readonly value: AmfValue;
  /** Offset of the first byte after the value. */
  readonly end: number;
}

/**
 * One AMF0 value. A message with several needs `decodeAmf0All`: its values may refer to each other.
 * What comes back never contains itself.
 * @throws {ProtocolError} AMF_SYNTAX malformed or truncated, AMF_LIMIT deeper than 16 or more than 10 000 elements.
 * @see AMF0 (amf0-file-format-specification.pdf) §2.
 */
export function decodeAmf0(bytes: Uint8Array, offset = 0): Decoded {
  const reader = new Amf0Reader(bytes, offset);
  const value = reader.value();
  return { value, end: reader.at };
}

/** The name that a data message begins with. @returns undefined when it has none, or none that can be read. */
export function readDataName(bytes: Uint8Array, offset: number): string | undefined {
  try {
    const { value } = decodeAmf0(bytes, offset);
    return typeof value === 'string' ? value : undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** The AMF0 values of a whole message, up to the end of the bytes. Limits hold for all together. Errors as above. */
export function decodeAmf0All(bytes: Uint8Array, offset = 0): AmfValue[] {
  const reader = new Amf0Reader(bytes, offset);
  const values: AmfValue[] = [];
  while (!reader.done) values.push(reader.value());
  return values;
}

/**
 * The same, but what cannot be read behind the first `least` values ends it: some encoders close a message with the end
 * marker of an object that was never begun (`00 00 09`), as FLV files did, and nginx-rtmp takes that.
 * @throws {ProtocolError} AMF_SYNTAX in the first values, AMF_LIMIT anywhere.
 */
export function decodeAmf0Leading(bytes: Uint8Array, offset: number, least: number): AmfValue[] {
  const reader = new Amf0Reader(bytes, offset);
  const values: AmfValue[] = [];
  while (!reader.done) {
    try {
      values.push(reader.value());
    } catch (error) {
      const isRest = values.length >= least && error instanceof ProtocolError && error.code === 'AMF_SYNTAX';
      if (!isRest) throw error;
      break;
    }
  }
  return values;
}

/**
 * Values one after another, as commands and data messages carry them. A value that contains itself ends in an error.
 * @throws {ProtocolError} AMF_LIMIT nested deeper than 16, more than 10 000 elements, over 16 MiB, or a name over 64 KiB.
 */
export function encodeAmf0(...values: readonly AmfValue[]): Buffer {
  const out = new ByteWriter();
  const writer = new Amf0Writer(out);
  for (const value of values) writer.value(value);
  return out.finish();
}

/**
 * One AMF3 value, its marker first. (RTMP's "AMF3 command" is AMF0 that may switch: use `decodeAmf0All` for it.)
 * @throws {ProtocolError} as `decodeAmf0`.
 * @see AMF3 (amf-file-format-spec.pdf, January 2013) §3.
 */
export function decodeAmf3(bytes: Uint8Array, offset = 0): Decoded {
  const input = new ByteReader(bytes, offset);
  const value = new Amf3Reader(input, new Budget()).value();
  return { value, end: input.at };
}

/** @throws {ProtocolError} as `encodeAmf0`; AMF_SYNTAX for a property with an empty name, which AMF3 cannot express. */
export function encodeAmf3(value: AmfValue): Buffer {
  const out = new ByteWriter();
  new Amf3Writer(out, new Budget()).value(value);
  return out.finish();
}
