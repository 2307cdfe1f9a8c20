import fc from 'fast-check';
import { assert, test } from 'vitest';
import { ProtocolError } from '../../src/kernel/index.js';
import {
  AmfObject,
  type AmfValue,
  decodeAmf0,
  decodeAmf0All,
  decodeAmf3,
  encodeAmf0,
  encodeAmf3,
} from '../../src/protocol/amf/index.js';

const orProtocolError = (run: () => unknown): void => {
  try {
    run();
  } catch (error) {
    assert.instanceOf(error, ProtocolError, String((error as Error).stack));
  }
};

/** Bytes that look like AMF more often than random ones: markers, small lengths, references. */
const amfLike = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0x12 }), fc.integer({ min: 0, max: 255 })), { maxLength: 200 })
  .map((bytes) => Uint8Array.from(bytes));
const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 400 }), amfLike);

const text = fc.string({ unit: 'binary', maxLength: 12 });
const { value: anyValue } = fc.letrec<{ value: AmfValue; array: AmfValue[]; object: AmfObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 8 },
    fc.double(),
    fc.integer(),
    fc.boolean(),
    text,
    fc.constantFrom(null, undefined),
    fc.date(),
    fc.uint8Array({ maxLength: 20 }),
    tie('array'),
    tie('object'),
  ),
  array: fc.array(tie('value'), { maxLength: 5 }),
  object: fc
    .tuple(
      // AMF3 has no empty names, and takes an ECMA array without names for a dense one.
      fc.array(fc.tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), tie('value')), {
        minLength: 1,
        maxLength: 5,
      }),
      fc.oneof(
        fc.constant({ ecma: true }),
        text.map((className) => ({ className })),
      ),
    )
    .map(([entries, shape]) => new AmfObject(entries, shape)),
}));

test('any bytes are values or a ProtocolError', () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      orProtocolError(() => decodeAmf0(bytes));
      orProtocolError(() => decodeAmf0All(bytes));
      orProtocolError(() => decodeAmf3(bytes));
    }),
    { numRuns: 3_000 },
  );
});

test('what was decoded can be encoded, or is over a limit', () => {
  fc.assert(
    fc.property(amfLike, (bytes) => {
      orProtocolError(() => encodeAmf0(...decodeAmf0All(bytes)));
      orProtocolError(() => encodeAmf3(decodeAmf3(bytes).value));
    }),
    { numRuns: 3_000 },
  );
});

test('AMF0: encode → decode gives the same values', () => {
  fc.assert(
    fc.property(fc.array(anyValue, { maxLength: 4 }), (values) => {
      assert.deepEqual(decodeAmf0All(encodeAmf0(...values)), values);
    }),
  );
});

test('AMF3: encode → decode gives the same value', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = encodeAmf3(value);
      assert.deepEqual(decodeAmf3(bytes), { value, end: bytes.length });
    }),
  );
});

test('a changed or cut message is values or a ProtocolError', () => {
  fc.assert(
    fc.property(fc.array(anyValue, { maxLength: 4 }), fc.nat(), fc.nat(255), fc.nat(), (values, at, byte, cut) => {
      const bytes = encodeAmf0(...values);
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      orProtocolError(() => decodeAmf0All(bytes));
      orProtocolError(() => decodeAmf0All(bytes.subarray(0, cut % (bytes.length + 1))));
    }),
  );
});
