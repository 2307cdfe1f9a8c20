import { assert, describe, test } from 'vitest';
import {
  ChunkDecoder,
  chunkedLength,
  encodeChunks,
  type OutMessage,
  writeChunks,
} from '../../../../src/protocol/rtmp/index.js';
import { fromHex } from '../../../support/bytes.js';
import { plain } from './support.js';

const message = (more: Partial<OutMessage>): OutMessage => ({
  csid: 6,
  type: 9,
  streamId: 1,
  timestamp: 10,
  payload: fromHex('0102030405'),
  ...more,
});

const cases: { name: string; message: OutMessage; chunkSize: number; hex: string }[] = [
  {
    name: '§5.3.1.2.1 one chunk, stream id little-endian',
    message: message({ streamId: 0x01020304 }),
    chunkSize: 128,
    hex: '06 00000a 000005 09 04030201 0102030405',
  },
  {
    name: '§5.3.1.2.4 the rest as type 3',
    message: message({}),
    chunkSize: 2,
    hex: '06 00000a 000005 09 01000000 0102 c6 0304 c6 05',
  },
  {
    name: 'no chunk without payload at the end',
    message: message({}),
    chunkSize: 5,
    hex: '06 00000a 000005 09 01000000 0102030405',
  },
  {
    name: 'no payload',
    message: message({ payload: Buffer.alloc(0) }),
    chunkSize: 128,
    hex: '06 00000a 000000 09 01000000',
  },
  {
    name: '§5.3.1.1 two-byte basic header',
    message: message({ csid: 64 }),
    chunkSize: 3,
    hex: '00 00 00000a 000005 09 01000000 010203 c0 00 0405',
  },
  {
    name: '§5.3.1.1 two-byte basic header, last',
    message: message({ csid: 319 }),
    chunkSize: 9,
    hex: '00 ff 00000a 000005 09 01000000 0102030405',
  },
  {
    name: '§5.3.1.1 three-byte basic header',
    message: message({ csid: 577 }),
    chunkSize: 3,
    hex: '01 01 02 00000a 000005 09 01000000 010203 c1 01 02 0405',
  },
  {
    name: '§5.3.1.3 0xFFFFFE stays in 24 bits',
    message: message({ timestamp: 0xfffffe }),
    chunkSize: 9,
    hex: '06 fffffe 000005 09 01000000 0102030405',
  },
  {
    name: '§5.3.1.3 extended in the first and every type 3 chunk',
    message: message({ timestamp: 0xffffff }),
    chunkSize: 2,
    hex: '06 ffffff 000005 09 01000000 00ffffff 0102 c6 00ffffff 0304 c6 00ffffff 05',
  },
  {
    name: '§5.3.1.3 extended above 2^31',
    message: message({ timestamp: 0xfffffffe }),
    chunkSize: 9,
    hex: '06 ffffff 000005 09 01000000 fffffffe 0102030405',
  },
];

describe('chunk encoder', () => {
  for (const { name, message, chunkSize, hex } of cases)
    test(name, () => {
      const want = fromHex(hex);
      assert.equal(encodeChunks(message, chunkSize).toString('hex'), want.toString('hex'));
      assert.equal(chunkedLength(message.payload.length, message.timestamp, chunkSize, message.csid), want.length);
    });

  test('writes in the middle of a buffer and touches nothing around it', () => {
    const { csid, type, streamId, timestamp, payload } = message({});
    const out = Buffer.alloc(30, 0xee);
    const end = writeChunks(out, 3, csid, type, streamId, timestamp, payload, 2);
    assert.equal(out.toString('hex', 0, end), 'eeeeee0600000a000005090100000001 02c60304c605'.replace(' ', ''));
    assert.isTrue(out.subarray(end).every((byte) => byte === 0xee));
  });

  test('a payload that is a view into a larger buffer', () => {
    const slab = Buffer.from(Array.from({ length: 400 }, (_, i) => i));
    const view = message({ payload: slab.subarray(100, 300) });
    assert.deepEqual(new ChunkDecoder().push(encodeChunks(view, 128)).map(plain), [plain(view)]);
  });
});
