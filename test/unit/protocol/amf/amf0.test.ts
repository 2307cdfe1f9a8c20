import { assert, describe, test } from 'vitest';
import { AmfObject, type AmfValue, decodeAmf0, decodeAmf0All, encodeAmf0 } from '../../../../src/protocol/amf/index.js';
import { fromHex } from '../../../support/bytes.js';
import { assertProtocolError } from '../../../support/protocol-error.js';

const object = (record: Record<string, AmfValue>) => AmfObject.of(record);

/** Values and the only bytes that stand for them here: checked in both directions. */
const both: { name: string; hex: string; value: AmfValue }[] = [
  { name: '§2.2 number', hex: '00 3ff0000000000000', value: 1 },
  { name: '§2.2 number: negative zero', hex: '00 8000000000000000', value: -0 },
  { name: '§2.2 number: not a number', hex: '00 7ff8000000000000', value: Number.NaN },
  { name: '§2.3 boolean true', hex: '01 01', value: true },
  { name: '§2.3 boolean false', hex: '01 00', value: false },
  { name: '§2.4 string', hex: '02 0003 616263', value: 'abc' },
  { name: '§2.4 string: length counts bytes of UTF-8', hex: '02 0007 e79bb4 f09f8eac', value: '直🎬' },
  { name: '§2.4 string: empty', hex: '02 0000', value: '' },
  { name: '§2.5 object', hex: '03 0001 61 01 01 0001 62 05 0000 09', value: object({ a: true, b: null }) },
  { name: '§2.5 object: a property without a name', hex: '03 0000 05 0000 09', value: object({ '': null }) },
  {
    name: '§2.5 object: __proto__ is a key',
    hex: '03 0009 5f5f70726f746f5f5f 05 0000 09',
    value: new AmfObject([['__proto__', null]]),
  },
  { name: '§2.7 null', hex: '05', value: null },
  { name: '§2.8 undefined', hex: '06', value: undefined },
  { name: '§2.10 ecma array', hex: '08 00000001 0001 61 05 0000 09', value: AmfObject.ecmaOf({ a: null }) },
  { name: '§2.12 strict array', hex: '0a 00000002 05 0a 00000000', value: [null, []] },
  { name: '§2.13 date', hex: '0b 4271e34f79a00000 0000', value: new Date(1_229_249_288_704) },
  {
    name: '§2.18 typed object',
    hex: '10 0003 612e42 0001 78 05 0000 09',
    value: new AmfObject([['x', null]], { className: 'a.B' }),
  },
  { name: '§3.1 avmplus: a byte array', hex: '11 0c 05 aabb', value: new Uint8Array([0xaa, 0xbb]) },
];

for (const { name, hex, value } of both)
  describe(name, () => {
    const bytes = fromHex(hex);
    test('decode', () => {
      assert.deepEqual(decodeAmf0(bytes), { value, end: bytes.length });
    });
    test('encode', () => {
      assert.equal(encodeAmf0(value).toString('hex'), bytes.toString('hex'));
    });
    test('every proper prefix is refused, or ends where only end markers are missing', () => {
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.subarray(0, length);
        try {
          assert.instanceOf(decodeAmf0(cut).value, AmfObject);
        } catch (error) {
          assertProtocolError(error, 'AMF_SYNTAX');
        }
      }
    });
  });

describe('decode only', () => {
  const one: { name: string; hex: string; want: AmfValue }[] = [
    { name: '§2.3 any byte but 0 is true', hex: '01 7f', want: true },
    {
      name: '§2.9 reference: objects count from their begin',
      hex: '0a 00000002 03 0000 09 07 0001',
      want: [object({}), object({})],
    },
    {
      name: '§2.10 ecma array: the count is a hint',
      hex: '08 ffffffff 0001 61 05 0000 09',
      want: AmfObject.ecmaOf({ a: null }),
    },
    {
      name: '§2.10 ecma array: cut off before its end marker',
      hex: '08 00000001 0001 61 05',
      want: AmfObject.ecmaOf({ a: null }),
    },
    {
      name: '§2.5 object: a repeated key keeps its last value',
      hex: '03 0001 61 05 0001 61 06 0000 09',
      want: object({ a: undefined }),
    },
    { name: '§2.13 date: the time zone is not used', hex: '0b 0000000000000000 fe20', want: new Date(0) },
    { name: '§2.14 long string', hex: '0c 00000002 6869', want: 'hi' },
    { name: '§2.15 unsupported', hex: '0d', want: undefined },
    { name: '§2.17 XML document', hex: '0f 00000004 3c612f3e', want: '<a/>' },
    { name: '§3.1 avmplus inside of an object', hex: '03 0001 61 11 04 07 0000 09', want: object({ a: 7 }) },
    { name: 'not UTF-8', hex: '02 0001 ff', want: '\ufffd' },
  ];
  for (const { name, hex, want } of one)
    test(name, () => {
      assert.deepEqual(decodeAmf0(fromHex(hex)), { value: want, end: fromHex(hex).length });
    });

  test('an offset, and bytes behind the value', () => {
    assert.deepEqual(decodeAmf0(fromHex('ff 02 0001 61 ff'), 1), { value: 'a', end: 5 });
  });

  test('a Uint8Array that is no Buffer', () => {
    assert.deepEqual(decodeAmf0(new Uint8Array(fromHex('ff 02 0001 61')).subarray(1)), { value: 'a', end: 4 });
  });

  test('§2.9 references reach back to earlier values of the message', () => {
    const [first, second] = decodeAmf0All(fromHex('03 0001 61 05 0000 09 07 0000'));
    assert.deepEqual(first, object({ a: null }));
    assert.strictEqual(second, first);
  });

  test('§3.1 all AMF3 values of a message share their tables', () => {
    assert.deepEqual(decodeAmf0All(fromHex('11 06 0361 05 11 06 00')), ['a', null, 'a']);
  });

  test('a byte array is a copy', () => {
    const bytes = fromHex('11 0c 03 aa');
    const { value } = decodeAmf0(bytes);
    bytes.fill(0);
    assert.deepEqual(value, new Uint8Array([0xaa]));
  });
});

describe('refused', () => {
  for (const [name, hex] of Object.entries({
    nothing: '',
    '§2.6 movieclip': '04',
    '§2.16 recordset': '0e',
    '§2.11 object end alone': '09',
    'unknown marker': '12',
    '§2.9 unknown reference': '07 0000',
    '§2.9 an object inside of itself': '03 0001 61 07 0000 0000 09',
    '§2.12 a count beyond the bytes': '0a 7fffffff 05',
    '§2.14 a length beyond the bytes': '0c ffffffff 61',
  }))
    test(name, () => {
      assertProtocolError(() => decodeAmf0(fromHex(hex)), 'AMF_SYNTAX');
    });
});

const nested = (levels: number): AmfValue => {
  let value: AmfValue = [];
  for (let i = 1; i < levels; i++) value = [value];
  return value;
};

describe('limits', () => {
  test('16 levels pass, 17 do not', () => {
    assert.deepEqual(decodeAmf0(encodeAmf0(nested(16))).value, nested(16));
    assertProtocolError(() => encodeAmf0(nested(17)), 'AMF_LIMIT');
    assertProtocolError(() => decodeAmf0(fromHex(`${'0a00000001'.repeat(17)}05`)), 'AMF_LIMIT');
  });

  test('10 000 elements in all values together', () => {
    const items = (count: number) => Array.from({ length: count }, () => null);
    assert.lengthOf(decodeAmf0All(encodeAmf0(items(9_999))), 1);
    assertProtocolError(() => encodeAmf0(items(9_999), null), 'AMF_LIMIT');
    assertProtocolError(() => decodeAmf0All(Buffer.alloc(10_001, 5)), 'AMF_LIMIT');
  });

  test('a reference counts like the copy that it stands for', () => {
    // The first item is an array of 100 nulls, the other 99 refer to it.
    const hundred = `0a00000064${'05'.repeat(100)}`;
    assert.doesNotThrow(() => decodeAmf0(fromHex(`0a00000063${hundred}${'070001'.repeat(98)}`)));
    assertProtocolError(() => decodeAmf0(fromHex(`0a00000064${hundred}${'070001'.repeat(99)}`)), 'AMF_LIMIT');
  });

  test('references cannot nest deeper than values', () => {
    // [[], [ref], [ref], …]: each item holds the one before it.
    const chain = (length: number) => {
      const items = Array.from({ length }, (_, i) => `0a0000000107${(i + 1).toString(16).padStart(4, '0')}`);
      return fromHex(`0a${(length + 1).toString(16).padStart(8, '0')}0a00000000${items.join('')}`);
    };
    assert.doesNotThrow(() => decodeAmf0(chain(14)));
    assertProtocolError(() => decodeAmf0(chain(15)), 'AMF_LIMIT');
  });

  test('a value that contains itself does not hang the encoder', () => {
    const loop = AmfObject.of({});
    loop.set('self', loop);
    assertProtocolError(() => encodeAmf0(loop), 'AMF_LIMIT');
  });

  test('over 64 KiB: a string becomes long, a name is refused', () => {
    const text = 'x'.repeat(65_536);
    const bytes = encodeAmf0(text);
    assert.equal(bytes.toString('hex', 0, 5), '0c00010000');
    assert.deepEqual(decodeAmf0(bytes).value, text);
    assertProtocolError(() => encodeAmf0(AmfObject.of({ [text]: 1 })), 'AMF_LIMIT');
  });

  test('16 MiB are too long', () => {
    assertProtocolError(() => encodeAmf0('x'.repeat(2 ** 24)), 'AMF_LIMIT');
  });
});
