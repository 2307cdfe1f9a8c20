import { expect, test } from 'vitest';
import { own } from '../../../src/core/index.js';
import { encodeAmf0 } from '../../../src/protocol/amf/index.js';
import { readMetadata } from '../../../src/stream/metadata.js';

/** An AMF3 U29 of three bytes. */
const three = (n: number): Buffer => Buffer.from([0x80 | (n >> 14), 0x80 | ((n >> 7) & 0x7f), n & 0x7f]);

/** `onMetaData` with an AMF3 array of one long value and `times` references to it. */
function references(marker: number, length: number, times: number, reference: number): Buffer {
  const first = [Buffer.from([marker]), three(length * 2 + 1), Buffer.alloc(length, 0x61)];
  const rest = Buffer.alloc(times * 2);
  for (let i = 0; i < times; i++) rest.set([marker, reference], i * 2);
  const array = [Buffer.from([0x09]), three((times + 1) * 2 + 1), Buffer.from([0x01]), ...first, rest];
  const name = encodeAmf0('onMetaData');
  // An AMF0 object with one property, `a`, that switches to AMF3.
  return Buffer.concat([name, Buffer.from([0x03, 0, 1, 0x61, 0x11]), ...array, Buffer.from([0, 0, 9])]);
}

/** The same with an AMF0 object that has a long text, and references to it by their index. */
function objects(length: number, times: number): Buffer {
  const text = Buffer.concat([Buffer.from([0x02, length >> 8, length & 0xff]), Buffer.alloc(length, 0x61)]);
  const first = Buffer.concat([Buffer.from([0x03, 0, 1, 0x61]), text, Buffer.from([0, 0, 9])]);
  const count = Buffer.alloc(4);
  count.writeUInt32BE(times + 1);
  const rest = Buffer.from(Array.from({ length: times }, () => [0x07, 0, 2]).flat());
  const array = Buffer.concat([Buffer.from([0x0a]), count, first, rest]);
  return Buffer.concat([encodeAmf0('onMetaData'), Buffer.from([0x03, 0, 1, 0x61]), array, Buffer.from([0, 0, 9])]);
}

test.each([
  ['a string', references(0x06, 100_000, 2000, 0)],
  ['a ByteArray', references(0x0c, 100_000, 2000, 2)],
  ['an object', objects(60_000, 200)],
])('metadata that refers to %s again and again is left out: written out, it would be very long', (_, bytes) => {
  const body = own(bytes);
  expect(body.length).toBeLessThan(110_000);
  expect(readMetadata('onMetaData', body, {})).toBe('unreadable');
});

test('metadata with a few references is read', () => {
  const body = own(references(0x06, 1000, 20, 0));
  const read = readMetadata('onMetaData', body, {});
  expect(read === 'unreadable' ? 0 : read?.payload.length).toBeGreaterThan(21_000);
});
