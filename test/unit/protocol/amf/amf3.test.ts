import { assert, describe, test } from 'vitest';
import { AmfObject, type AmfValue, decodeAmf3, encodeAmf3 } from '../../../../src/protocol/amf/index.js';
import { fromHex } from '../../../support/bytes.js';
import { assertProtocolError } from '../../../support/protocol-error.js';

/** Assembled by hand from the specification. Checked in both directions. */
const both: { name: string; hex: string; value: AmfValue }[] = [
  { name: '§3.2 undefined', hex: '00', value: undefined },
  { name: '§3.3 null', hex: '01', value: null },
  { name: '§3.4 false', hex: '02', value: false },
  { name: '§3.5 true', hex: '03', value: true },
  { name: '§1.3.1 U29 one byte, lowest', hex: '04 00', value: 0 },
  { name: '§1.3.1 U29 one byte, highest', hex: '04 7f', value: 0x7f },
  { name: '§1.3.1 U29 two bytes, lowest', hex: '04 8100', value: 0x80 },
  { name: '§1.3.1 U29 two bytes, highest', hex: '04 ff7f', value: 0x3fff },
  { name: '§1.3.1 U29 three bytes, lowest', hex: '04 818000', value: 0x4000 },
  { name: '§1.3.1 U29 three bytes, highest', hex: '04 ffff7f', value: 0x1fffff },
  { name: '§1.3.1 U29 four bytes, lowest', hex: '04 80c08000', value: 0x200000 },
  { name: '§1.3.1 U29 four bytes, highest', hex: '04 bfffffff', value: 2 ** 28 - 1 },
  { name: '§3.6 integer -1', hex: '04 ffffffff', value: -1 },
  { name: '§3.6 integer, lowest', hex: '04 c0808000', value: -(2 ** 28) },
  { name: '§3.6 larger integers are doubles', hex: '05 41b0000000000000', value: 2 ** 28 },
  { name: '§3.7 double', hex: '05 3ff8000000000000', value: 1.5 },
  { name: '§3.7 negative zero is a double', hex: '05 8000000000000000', value: -0 },
  { name: '§3.8 string', hex: '06 07 e79bb4', value: '直' },
  { name: '§3.8 empty string', hex: '06 01', value: '' },
  { name: '§3.10 date', hex: '08 01 0000000000000000', value: new Date(0) },
  { name: '§3.11 array, dense', hex: '09 05 01 04 01 01', value: [1, null] },
  { name: '§3.11 array, associative', hex: '09 01 03 61 04 01 01', value: AmfObject.ecmaOf({ a: 1 }) },
  { name: '§3.12 anonymous object', hex: '0a 0b 01 03 61 04 01 01', value: AmfObject.of({ a: 1 }) },
  {
    name: '§3.12 typed dynamic object',
    hex: '0a 0b 07 612e42 03 78 01 01',
    value: new AmfObject([['x', null]], { className: 'a.B' }),
  },
  { name: '§3.14 byte array', hex: '0c 05 00ff', value: new Uint8Array([0, 255]) },
];

for (const { name, hex, value } of both)
  describe(name, () => {
    const bytes = fromHex(hex);
    test('decode', () => {
      assert.deepEqual(decodeAmf3(bytes), { value, end: bytes.length });
    });
    test('encode', () => {
      assert.equal(encodeAmf3(value).toString('hex'), bytes.toString('hex'));
    });
    test('every proper prefix is refused', () => {
      for (let length = 0; length < bytes.length; length++)
        assertProtocolError(() => decodeAmf3(bytes.subarray(0, length)), 'AMF_SYNTAX');
    });
  });

const ab = AmfObject.of({ a: 1 });
const point = (x: number) => new AmfObject([['x', x]], { className: 'P' });
const hexOf = (text: string) => Buffer.from(text).toString('hex');
const stringOf = (text: string) => (text.length * 2 + 1).toString(16).padStart(2, '0') + hexOf(text);

describe('decode only', () => {
  const one: { name: string; hex: string; want: AmfValue }[] = [
    { name: '§1.3.2 string reference', hex: '09 07 01 06 03 61 06 03 62 06 02', want: ['a', 'b', 'b'] },
    {
      name: '§1.3.2 names and values share the table',
      hex: '09 01 03 61 06 00 01',
      want: AmfObject.ecmaOf({ a: 'a' }),
    },
    { name: '§1.3.2 the empty string takes no place', hex: '09 07 01 06 01 06 03 61 06 00', want: ['', 'a', 'a'] },
    {
      name: '§2.2 object reference: the outer array is 0',
      hex: '09 05 01 0a 0b 01 03 61 04 01 01 0a 02',
      want: [ab, ab],
    },
    { name: '§3.9 XML document', hex: '07 09 3c612f3e', want: '<a/>' },
    { name: '§3.13 XML', hex: '0b 09 3c612f3e', want: '<a/>' },
    { name: '§3.9 XML is in the object table', hex: '09 05 01 0b 03 78 0b 02', want: ['x', 'x'] },
    { name: '§3.10 date reference', hex: '09 05 01 08 01 0000000000000000 08 02', want: [new Date(0), new Date(0)] },
    { name: '§3.11 array, both parts', hex: '09 03 03 61 04 02 01 04 01', want: AmfObject.ecmaOf({ 0: 1, a: 2 }) },
    { name: '§3.12 sealed object', hex: '0a 13 03 50 03 78 04 07', want: point(7) },
    {
      name: '§3.12 sealed and dynamic',
      hex: '0a 1b 01 03 61 04 01 03 62 04 02 01',
      want: AmfObject.of({ a: 1, b: 2 }),
    },
    { name: '§3.12 traits reference', hex: '09 05 01 0a 13 03 50 03 78 04 07 0a 01 04 08', want: [point(7), point(8)] },
    {
      name: '§3.12 externalizable ArrayCollection is its array',
      hex: `0a 07 ${stringOf('flex.messaging.io.ArrayCollection')} 09 03 01 04 05`,
      want: [5],
    },
    {
      name: '§3.12 externalizable ObjectProxy is its object',
      hex: `0a 07 ${stringOf('flex.messaging.io.ObjectProxy')} 0a 0b 01 03 61 04 01 01`,
      want: ab,
    },
    { name: '§3.15 vector of int', hex: '0d 05 00 00000001 ffffffff', want: [1, -1] },
    { name: '§3.15 vector of uint', hex: '0e 03 01 ffffffff', want: [0xffffffff] },
    { name: '§3.15 vector of double', hex: '0f 03 00 3ff8000000000000', want: [1.5] },
    { name: '§3.15 vector of objects', hex: '10 05 00 01 0a 0b 01 03 61 04 01 01 01', want: [ab, null] },
    { name: '§3.16 dictionary', hex: '11 05 00 06 03 61 04 01 04 05 03', want: AmfObject.ecmaOf({ a: 1, 5: true }) },
    {
      name: '§3.16 dictionary with an object for a key',
      hex: '11 03 00 0a 0b 01 01 04 01',
      want: AmfObject.ecmaOf({ '#0': 1 }),
    },
  ];
  for (const { name, hex, want } of one)
    test(name, () => {
      const bytes = fromHex(hex);
      const { value, end } = decodeAmf3(bytes);
      assert.equal(end, bytes.length);
      // The order of integer-like keys of a record is not that of the wire.
      if (want instanceof AmfObject) assert.sameDeepMembers([...(value as AmfObject)], [...want]);
      else assert.deepEqual(value, want);
    });
});

describe('refused', () => {
  for (const [name, hex] of Object.entries({
    'unknown marker': '12',
    '§1.3.2 unknown string': '06 00',
    '§2.2 unknown object': '0a 00',
    '§2.2 an object inside of itself': '0a 0b 01 03 61 0a 00 01',
    '§3.12 unknown traits': '0a 01',
    '§3.12 externalizable of an unknown class': '0a 07 03 50 01',
    '§3.12 more names than bytes': '0a fffffff3 01',
    '§3.11 a count beyond the bytes': '09 ffffffff 01 01',
    '§3.14 a length beyond the bytes': '0c ffffffff 01',
    '§3.15 a vector beyond the bytes': '0f ffffffff 00 01',
    '§3.16 a dictionary beyond the bytes': '11 ffffffff 00 01',
  }))
    test(name, () => {
      assertProtocolError(() => decodeAmf3(fromHex(hex)), 'AMF_SYNTAX');
    });
});

describe('limits', () => {
  test('17 levels', () => {
    assert.doesNotThrow(() => decodeAmf3(fromHex(`${'090301'.repeat(16)}01`)));
    assertProtocolError(() => decodeAmf3(fromHex(`${'090301'.repeat(17)}01`)), 'AMF_LIMIT');
  });

  test('a vector of 10 000 numbers', () => {
    const vector = Buffer.concat([fromHex('0d 81 9c 21 00'), Buffer.alloc(40_000)]);
    assertProtocolError(() => decodeAmf3(vector), 'AMF_LIMIT');
  });

  test('a property without a name cannot be written', () => {
    assertProtocolError(() => encodeAmf3(AmfObject.of({ '': 1 })), 'AMF_SYNTAX');
  });
});
