import { assert, describe, test } from 'vitest';
import type { ErrorCode } from '../../../../src/kernel/index.js';
import { ChunkDecoder, control, encodeChunks } from '../../../../src/protocol/rtmp/index.js';
import { everySplit, fromHex } from '../../../support/bytes.js';
import { assertProtocolError } from '../../../support/protocol-error.js';
import { decodeAll, decodeReused, type Plain, plain } from './support.js';

const audio = (timestamp: number, payload: string, more: Partial<Plain> = {}): Plain => ({
  csid: 3,
  type: 8,
  streamId: 1,
  timestamp,
  payload,
  ...more,
});
const chunkSize = (bytes: number): string => `02 000000 000004 01 00000000 ${bytes.toString(16).padStart(8, '0')}`;
const chunkSizeMessage = (bytes: number): Plain => ({
  csid: 2,
  type: 1,
  streamId: 0,
  timestamp: 0,
  payload: bytes.toString(16).padStart(8, '0'),
});

const good: { name: string; hex: string; want: Plain[] }[] = [
  {
    name: '§5.3.1.2.1 type 0: message stream id is little-endian',
    hex: '03 00000a 000002 08 01020304 aabb',
    want: [audio(10, 'aabb', { streamId: 0x04030201 })],
  },
  {
    name: '§5.3.1.2.2 type 1: delta, same stream id',
    hex: '03 00000a 000001 08 01000000 aa 43 000005 000002 09 bbcc',
    want: [audio(10, 'aa'), audio(15, 'bbcc', { type: 9 })],
  },
  {
    name: '§5.3.1.2.3 type 2: delta, same length, type and stream id',
    hex: '03 00000a 000001 08 01000000 aa 83 000007 bb',
    want: [audio(10, 'aa'), audio(17, 'bb')],
  },
  {
    name: '§5.3.1.2.4 type 3 after type 2 adds the delta again',
    hex: '03 00000a 000001 08 01000000 aa 83 000007 bb c3 cc c3 dd',
    want: [audio(10, 'aa'), audio(17, 'bb'), audio(24, 'cc'), audio(31, 'dd')],
  },
  {
    name: '§5.3.1.2.4 type 3 after type 0: the time acts as delta',
    hex: '03 00000a 000001 08 01000000 aa c3 bb c3 cc',
    want: [audio(10, 'aa'), audio(20, 'bb'), audio(30, 'cc')],
  },
  {
    name: '§5.3.1.1 two-byte basic header: 64',
    hex: '00 00 000000 000001 08 01000000 aa',
    want: [audio(0, 'aa', { csid: 64 })],
  },
  {
    name: '§5.3.1.1 two-byte basic header: 319',
    hex: '00 ff 000000 000001 08 01000000 aa',
    want: [audio(0, 'aa', { csid: 319 })],
  },
  {
    name: '§5.3.1.1 three-byte basic header: low byte first',
    hex: '01 01 02 000000 000001 08 01000000 aa',
    want: [audio(0, 'aa', { csid: 577 })],
  },
  {
    name: '§5.3.1.1 three-byte basic header: 65599',
    hex: '01 ff ff 000000 000001 08 01000000 aa',
    want: [audio(0, 'aa', { csid: 65_599 })],
  },
  {
    name: '§5.3.1.1 one chunk stream by headers of two lengths',
    hex: '00 00 000001 000001 08 01000000 aa 81 00 00 000001 bb',
    want: [audio(1, 'aa', { csid: 64 }), audio(2, 'bb', { csid: 64 })],
  },
  {
    name: '§5.3.2.2 a message in chunks, interleaved with another',
    hex: `${chunkSize(2)} 03 00000a 000005 08 01000000 0102 04 00000b 000003 09 01000000 a1a2 c3 0304 c4 a3 c3 05`,
    want: [chunkSizeMessage(2), audio(11, 'a1a2a3', { csid: 4, type: 9 }), audio(10, '0102030405')],
  },
  {
    name: '§5.4.1 Set Chunk Size holds from the next chunk, in the middle of other messages',
    hex: `${chunkSize(1)} 03 00000a 000005 08 01000000 01 42 000000 000004 01 00 c2 00 c2 00 c2 03 c3 020304 c3 05`,
    want: [chunkSizeMessage(1), chunkSizeMessage(3), audio(10, '0102030405')],
  },
  {
    name: '§5.4.1 chunk size 1',
    hex: `${chunkSize(1)} 03 000001 000003 08 01000000 aa c3 bb c3 cc`,
    want: [chunkSizeMessage(1), audio(1, 'aabbcc')],
  },
  {
    name: '§5.4.1 sizes above the longest message mean the same',
    hex: `${chunkSize(0x7fffffff)} 03 00000a 000005 08 01000000 0102030405`,
    want: [chunkSizeMessage(0x7fffffff), audio(10, '0102030405')],
  },
  {
    name: '§5.4.2 Abort drops the unfinished message; the header stays',
    hex: `${chunkSize(4)} 03 00000a 000005 08 01000000 01020304 02 000000 000004 02 00000000 00000003 c3 0a0b0c0d c3 0e`,
    want: [
      chunkSizeMessage(4),
      { csid: 2, type: 2, streamId: 0, timestamp: 0, payload: '00000003' },
      audio(20, '0a0b0c0d0e'),
    ],
  },
  {
    name: '§5.4.2 Abort of a chunk stream that nobody used',
    hex: '02 000000 000004 02 00000000 00000009',
    want: [{ csid: 2, type: 2, streamId: 0, timestamp: 0, payload: '00000009' }],
  },
  {
    name: 'librtmp: a ping with type 1 on a fresh chunk stream counts from 0',
    hex: '42 000007 000006 04 000700000001',
    want: [{ csid: 2, type: 4, streamId: 0, timestamp: 7, payload: '000700000001' }],
  },
  {
    name: 'type 1 inside a message with the same length and type goes on',
    hex: `${chunkSize(2)} 03 00000a 000003 08 01000000 0102 43 000001 000003 08 03`,
    want: [chunkSizeMessage(2), audio(11, '010203')],
  },
  {
    name: 'messages without payload are dropped',
    hex: '03 00000a 000000 08 01000000 03 00000b 000001 08 01000000 aa 43 000001 000000 09 83 000001 43 000001 000001 08 bb',
    want: [audio(11, 'aa'), audio(14, 'bb')],
  },
  {
    name: 'timestamps wrap at 2^32',
    hex: '03 ffffff 000001 08 01000000 ffffffff aa 83 000002 bb',
    want: [audio(0xffffffff, 'aa'), audio(1, 'bb')],
  },
  {
    name: 'a timestamp of 0xFFFFFE is not extended',
    hex: '03 fffffe 000001 08 01000000 aa',
    want: [audio(0xfffffe, 'aa')],
  },
  {
    name: '§5.3.1.3 extended timestamp of exactly 0xFFFFFF',
    hex: '03 ffffff 000001 08 01000000 00ffffff aa',
    want: [audio(0xffffff, 'aa')],
  },
  {
    name: '§5.3.1.3 extended timestamps above 2^31',
    hex: '03 ffffff 000001 08 01000000 80000001 aa 83 000001 bb',
    want: [audio(0x80000001, 'aa'), audio(0x80000002, 'bb')],
  },
  {
    name: '§5.3.1.3 extended delta in type 1 and 2 (ffmpeg)',
    hex: '03 00000a 000001 08 01000000 aa 43 ffffff 000001 08 01000000 bb 83 ffffff 01000001 cc',
    want: [audio(10, 'aa'), audio(0x100000a, 'bb'), audio(0x200000b, 'cc')],
  },
  {
    name: '§5.3.1.3 the extended value ends with the next short one',
    hex: `${chunkSize(1)} 03 ffffff 000001 08 01000000 01000000 aa 43 000001 000002 08 bb c3 cc`,
    want: [chunkSizeMessage(1), audio(0x1000000, 'aa'), audio(0x1000001, 'bbcc')],
  },
  {
    name: 'extended, Adobe: repeated in each type 3 chunk',
    hex: `${chunkSize(2)} 03 ffffff 000005 08 01000000 01000000 0102 c3 01000000 0304 c3 01000000 05`,
    want: [chunkSizeMessage(2), audio(0x1000000, '0102030405')],
  },
  {
    name: 'extended, old librtmp: not repeated',
    hex: `${chunkSize(2)} 03 ffffff 000005 08 01000000 01000000 0102 c3 0304 c3 05`,
    want: [chunkSizeMessage(2), audio(0x1000000, '0102030405')],
  },
  {
    name: 'extended, not repeated: payload that begins like the timestamp',
    hex: `${chunkSize(4)} 03 ffffff 000008 08 01000000 01000000 01020304 c3 01000005`,
    want: [chunkSizeMessage(4), audio(0x1000000, '0102030401000005')],
  },
  {
    name: 'extended, not repeated: the message ends in what looked like the timestamp',
    hex: `${chunkSize(4)} 03 ffffff 000005 08 01000000 01000001 01020304 c3 01 00 00 000000 000001 08 01000000 bb`,
    want: [chunkSizeMessage(4), audio(0x1000001, '0102030401'), audio(0, 'bb', { csid: 64 })],
  },
  {
    name: 'extended, a new message with type 3 repeats the time: the same time',
    hex: '03 ffffff 000001 08 01000000 01000000 aa c3 01000000 bb c3 01000000 cc',
    want: [audio(0x1000000, 'aa'), audio(0x1000000, 'bb'), audio(0x1000000, 'cc')],
  },
  {
    name: 'extended, a new message with type 3 and another value: a delta',
    hex: '03 ffffff 000001 08 01000000 01000000 aa c3 01000002 bb c3 01000002 cc',
    want: [audio(0x1000000, 'aa'), audio(0x2000002, 'bb'), audio(0x3000004, 'cc')],
  },
  {
    name: 'extended delta, a new message with type 3 adds it again',
    hex: '03 000001 000001 08 01000000 aa 83 ffffff 01000000 bb c3 01000000 cc',
    want: [audio(1, 'aa'), audio(0x1000001, 'bb'), audio(0x2000001, 'cc')],
  },
  {
    name: 'extended, not repeated: a new message with type 3 has no field either',
    hex: `${chunkSize(2)} 03 ffffff 000003 08 01000000 01000000 0102 c3 03 c3 0405 c3 06`,
    want: [chunkSizeMessage(2), audio(0x1000000, '010203'), audio(0x1000000, '040506')],
  },
];

describe('chunk decoder', () => {
  for (const { name, hex, want } of good)
    test(name, () => {
      for (const slices of everySplit(fromHex(hex))) {
        assert.deepEqual(decodeAll(new ChunkDecoder(), slices), want);
        assert.deepEqual(decodeReused(new ChunkDecoder(), slices), want);
      }
    });

  test('the end of a message does not wait for bytes of the next one', () => {
    const decoder = new ChunkDecoder();
    const bytes = fromHex(`${chunkSize(2)} 03 ffffff 000003 08 01000000 01000000 0102 c3 03`);
    assert.lengthOf(decodeAll(decoder, [bytes]), 2);
  });

  test('counts chunks and empty messages', () => {
    const decoder = new ChunkDecoder();
    decoder.push(fromHex(`${chunkSize(1)} 03 000000 000003 08 01000000 aa c3 bb c3 cc 43 000000 000000 08`));
    assert.deepEqual([decoder.chunksRead, decoder.emptyMessages, decoder.chunkSize], [5, 1, 1]);
  });

  for (const size of [1, 2, 127, 128, 129, 4096, 60_000])
    for (const length of [1, 127, 128, 129, 4096, 70_000])
      test(`${length} bytes in chunks of ${size}, sampled slicings`, () => {
        const payload = Buffer.from({ length } as ArrayLike<number>).map((_, i) => i * 7);
        const message = { csid: 6, type: 9, streamId: 1, timestamp: 5, payload };
        const bytes = Buffer.concat([encodeChunks(control.setChunkSize(size), 128), encodeChunks(message, size)]);
        for (const step of [bytes.length, 65_536, 1448, 611])
          assert.deepEqual(decodeReused(new ChunkDecoder(), cut(bytes, step)).slice(1), [plain(message)]);
      });
});

function* cut(bytes: Buffer, step: number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

const bad: { name: string; hex: string; code: ErrorCode }[] = [
  { name: 'type 2 on a fresh chunk stream', hex: '83 000000', code: 'RTMP_CHUNK' },
  { name: 'type 3 on a fresh chunk stream', hex: 'c3', code: 'RTMP_CHUNK' },
  {
    name: 'type 0 inside a message',
    hex: `${chunkSize(1)} 03 000000 000002 08 01000000 aa 03 000000 000002 08 01000000`,
    code: 'RTMP_CHUNK',
  },
  {
    name: 'type 1 inside a message with another length',
    hex: `${chunkSize(1)} 03 000000 000002 08 01000000 aa 43 000000 000003 08`,
    code: 'RTMP_CHUNK',
  },
  {
    name: 'type 1 inside a message with another type',
    hex: `${chunkSize(1)} 03 000000 000002 08 01000000 aa 43 000000 000002 09`,
    code: 'RTMP_CHUNK',
  },
  { name: 'chunk size 0', hex: chunkSize(0), code: 'RTMP_CHUNK_SIZE' },
  { name: 'chunk size with the sign bit', hex: chunkSize(0x80000080), code: 'RTMP_CHUNK_SIZE' },
  { name: 'Set Chunk Size of three bytes', hex: '02 000000 000003 01 00000000 000080', code: 'RTMP_MESSAGE' },
  { name: 'Abort of three bytes', hex: '02 000000 000003 02 00000000 000003', code: 'RTMP_MESSAGE' },
  { name: 'a command of 64 KiB and one byte', hex: '03 000000 010001 14 00000000', code: 'RTMP_MESSAGE_TOO_LONG' },
  {
    name: 'an AMF3 command of 64 KiB and one byte',
    hex: '03 000000 010001 11 00000000',
    code: 'RTMP_MESSAGE_TOO_LONG',
  },
  {
    name: 'a control message of 64 KiB and one byte',
    hex: '02 000000 010001 04 00000000',
    code: 'RTMP_MESSAGE_TOO_LONG',
  },
  { name: 'data of 1 MiB and one byte', hex: '03 000000 100001 12 00000000', code: 'RTMP_MESSAGE_TOO_LONG' },
  { name: 'an unknown type of 1 MiB and one byte', hex: '03 000000 100001 63 00000000', code: 'RTMP_MESSAGE_TOO_LONG' },
];

describe('chunk decoder refuses', () => {
  for (const { name, hex, code } of bad)
    test(name, () => {
      for (const slices of everySplit(fromHex(hex))) {
        const decoder = new ChunkDecoder();
        assertProtocolError(() => decodeAll(decoder, slices), code);
        assertProtocolError(() => decoder.push(fromHex('03 00000a 000001 08 01000000 aa')), code);
      }
    });

  test('the 65th chunk stream', () => {
    const decoder = new ChunkDecoder();
    const use = (csid: number) =>
      decoder.push(encodeChunks({ csid, type: 8, streamId: 1, timestamp: 0, payload: Buffer.of(1) }, 128));
    for (let csid = 2; csid < 66; csid++) assert.lengthOf(use(csid), 1);
    assert.lengthOf(use(2), 1);
    assertProtocolError(() => use(66), 'RTMP_CHUNK_STREAMS');
  });
});
