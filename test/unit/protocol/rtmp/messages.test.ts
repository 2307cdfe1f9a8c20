import { assert, describe, test } from 'vitest';
import { freeze } from '../../../../src/core/index.js';
import type { ErrorCode } from '../../../../src/kernel/index.js';
import { AmfObject, encodeAmf0 } from '../../../../src/protocol/amf/index.js';
import {
  ChunkDecoder,
  command,
  control,
  data,
  encodeChunks,
  MessageType,
  type OutMessage,
  parseMessage,
  splitAggregate,
  type WireMessage,
} from '../../../../src/protocol/rtmp/index.js';
import { fromHex } from '../../../support/bytes.js';
import { assertProtocolError } from '../../../support/protocol-error.js';
import { plain } from './support.js';

const wire = (type: number, payload: Buffer | string, more: Partial<WireMessage> = {}): WireMessage => ({
  csid: 3,
  type,
  streamId: 1,
  timestamp: 40,
  payload: freeze(typeof payload === 'string' ? fromHex(payload) : payload),
  ...more,
});
const overTheWire = (m: OutMessage): WireMessage => new ChunkDecoder().push(encodeChunks(m, 128))[0] as WireMessage;

describe('parseMessage', () => {
  const timed = { csid: 3, streamId: 1, timestamp: 40 };
  const cases: { name: string; message: WireMessage; want: object }[] = [
    { name: '§5.4.1 Set Chunk Size', message: wire(1, '00001000'), want: { kind: 'setChunkSize', bytes: 4096 } },
    { name: '§5.4.2 Abort', message: wire(2, '00000004'), want: { kind: 'abort', csid: 4 } },
    {
      name: '§5.4.3 Acknowledgement above 2^31',
      message: wire(3, 'fffffffe'),
      want: { kind: 'acknowledgement', bytes: 0xfffffffe },
    },
    {
      name: '§5.4.4 Window Acknowledgement Size',
      message: wire(5, '002625a0'),
      want: { kind: 'windowAckSize', bytes: 2_500_000 },
    },
    {
      name: '§5.4.5 Set Peer Bandwidth',
      message: wire(6, '002625a001'),
      want: { kind: 'setPeerBandwidth', bytes: 2_500_000, limit: 1 },
    },
    {
      name: '§5.4.5 Set Peer Bandwidth without its limit type',
      message: wire(6, '002625a0'),
      want: { kind: 'setPeerBandwidth', bytes: 2_500_000, limit: 2 },
    },
    {
      name: '§7.1.7 ping request',
      message: wire(4, '0006 00000102'),
      want: { kind: 'userControl', event: 6, value: 0x102, data: freeze(fromHex('00000102')) },
    },
    {
      name: '§7.1.7 SetBufferLength',
      message: wire(4, '0003 00000001 000003e8'),
      want: { kind: 'userControl', event: 3, value: 1, data: freeze(fromHex('00000001000003e8')) },
    },
    {
      name: '§7.1.7 an event without data',
      message: wire(4, '0020'),
      want: { kind: 'userControl', event: 32, value: 0, data: freeze(Buffer.alloc(0)) },
    },
    {
      name: '§7.1.4 audio',
      message: wire(8, 'af01'),
      want: { kind: 'audio', ...timed, payload: freeze(fromHex('af01')) },
    },
    {
      name: '§7.1.5 video',
      message: wire(9, '1701'),
      want: { kind: 'video', ...timed, payload: freeze(fromHex('1701')) },
    },
    {
      name: '§7.1.6 aggregate',
      message: wire(22, '00'),
      want: { kind: 'aggregate', ...timed, payload: freeze(fromHex('00')) },
    },
    { name: '§7.1.3 shared objects', message: wire(19, '00'), want: { kind: 'ignored', type: 19 } },
    { name: 'an unknown type', message: wire(99, '00'), want: { kind: 'ignored', type: 99 } },
    {
      name: '§7.1.2 data',
      message: wire(18, '02 0001 61 05'),
      want: { kind: 'data', name: 'a', ...timed, payload: freeze(fromHex('0200016105')) },
    },
    {
      name: '§7.1.2 AMF3 data: the leading 0 is not part of the values',
      message: wire(15, '00 02 0001 61 05'),
      want: { kind: 'data', name: 'a', ...timed, payload: freeze(fromHex('0200016105')) },
    },
    {
      name: 'AMF3 data without the leading 0',
      message: wire(15, '02 0001 61 05'),
      want: { kind: 'data', name: 'a', ...timed, payload: freeze(fromHex('0200016105')) },
    },
    { name: 'data whose name is not a string', message: wire(18, '05'), want: { kind: 'ignored', type: 18 } },
    { name: 'data whose name is cut off', message: wire(18, '02 0004 61'), want: { kind: 'ignored', type: 18 } },
    { name: 'AMF3 data with nothing but the 0', message: wire(15, '00'), want: { kind: 'ignored', type: 15 } },
    {
      name: '§7.1.1 command',
      message: wire(20, encodeAmf0('play', 3, null, 's')),
      want: { kind: 'command', streamId: 1, name: 'play', transactionId: 3, args: [null, 's'], amf3: false },
    },
    {
      name: '§7.1.1 AMF3 command: one 0, then AMF0',
      message: wire(17, Buffer.concat([Buffer.of(0), encodeAmf0('play', 3, null)])),
      want: { kind: 'command', streamId: 1, name: 'play', transactionId: 3, args: [null], amf3: true },
    },
    {
      name: 'AMF3 command that switches to AMF3 values',
      message: wire(17, '00 02 0001 61 00 3ff0000000000000 11 06 0362'),
      want: { kind: 'command', streamId: 1, name: 'a', transactionId: 1, args: ['b'], amf3: true },
    },
    {
      name: 'a command without transaction id',
      message: wire(20, '02 0001 61'),
      want: { kind: 'command', streamId: 1, name: 'a', transactionId: 0, args: [], amf3: false },
    },
    {
      name: 'a transaction id that is no number',
      message: wire(20, '02 0001 61 05 05'),
      want: { kind: 'command', streamId: 1, name: 'a', transactionId: 0, args: [null], amf3: false },
    },
  ];
  for (const { name, message, want } of cases)
    test(name, () => assert.deepEqual(parseMessage(message) as object, want));

  const bad: { name: string; message: WireMessage; code: ErrorCode }[] = [
    ...[1, 2, 3, 5, 6].map((type) => ({
      name: `type ${type} of three bytes`,
      message: wire(type, '000001'),
      code: 'RTMP_MESSAGE' as const,
    })),
    { name: 'user control of one byte', message: wire(4, '00'), code: 'RTMP_MESSAGE' },
    { name: 'a command whose name is a number', message: wire(20, encodeAmf0(1, 2)), code: 'RTMP_MESSAGE' },
    { name: 'an AMF3 command with nothing but the 0', message: wire(17, '00'), code: 'RTMP_MESSAGE' },
    { name: 'a command cut off', message: wire(20, '02 0004 61'), code: 'AMF_SYNTAX' },
  ];
  for (const { name, message, code } of bad)
    test(`refuses ${name}`, () => assertProtocolError(() => parseMessage(message), code));
});

describe('writers', () => {
  const cases: { name: string; message: OutMessage; type: number; hex: string }[] = [
    { name: '§5.4.1 Set Chunk Size', message: control.setChunkSize(60_000), type: 1, hex: '0000ea60' },
    { name: '§5.4.2 Abort', message: control.abort(5), type: 2, hex: '00000005' },
    { name: '§5.4.3 Acknowledgement', message: control.acknowledgement(0xfffffffe), type: 3, hex: 'fffffffe' },
    { name: '§5.4.4 Window Acknowledgement Size', message: control.windowAckSize(2_500_000), type: 5, hex: '002625a0' },
    { name: '§5.4.5 Set Peer Bandwidth', message: control.setPeerBandwidth(2_500_000, 2), type: 6, hex: '002625a002' },
    { name: '§7.1.7 StreamBegin', message: control.streamBegin(1), type: 4, hex: '000000000001' },
    { name: '§7.1.7 StreamEOF', message: control.streamEof(1), type: 4, hex: '000100000001' },
    { name: '§7.1.7 SetBufferLength', message: control.setBufferLength(1, 1000), type: 4, hex: '000300000001000003e8' },
    { name: '§7.1.7 PingRequest', message: control.pingRequest(0x80000001), type: 4, hex: '000680000001' },
    { name: '§7.1.7 PingResponse', message: control.pingResponse(0x80000001), type: 4, hex: '000780000001' },
  ];
  for (const { name, message, type, hex } of cases)
    test(name, () => assert.deepEqual(plain(message), { csid: 2, type, streamId: 0, timestamp: 0, payload: hex }));

  test('a command arrives as it was', () => {
    const sent = command('_result', 4, [null, AmfObject.of({ a: 1 })], { streamId: 1 });
    const { kind, ...got } = parseMessage(overTheWire(sent)) as { kind: string };
    assert.equal(kind, 'command');
    assert.deepEqual(got as object, {
      streamId: 1,
      name: '_result',
      transactionId: 4,
      args: [null, AmfObject.of({ a: 1 })],
      amf3: false,
    });
    assert.deepEqual([sent.csid, command('a', 0, [], { csid: 8 }).csid], [3, 8]);
  });

  test('data arrives as it was', () => {
    const got = parseMessage(overTheWire(data(['onMetaData', 1], { streamId: 1, timestamp: 7 })));
    assert.deepInclude(got, { kind: 'data', name: 'onMetaData', csid: 5, streamId: 1, timestamp: 7 });
  });
});

describe('splitAggregate (§7.1.6)', () => {
  const tag = (type: number, time: number, payload: string): Buffer => {
    const bytes = fromHex(payload);
    const head = Buffer.alloc(11);
    head[0] = type;
    head.writeUIntBE(bytes.length, 1, 3);
    head.writeUIntBE(time & 0xffffff, 4, 3);
    head[7] = time >>> 24;
    const back = Buffer.alloc(4);
    back.writeUInt32BE(11 + bytes.length);
    return Buffer.concat([head, bytes, back]);
  };
  const aggregate = (timestamp: number, ...tags: Buffer[]) =>
    wire(MessageType.aggregate, Buffer.concat(tags), { timestamp });
  const times = (w: WireMessage) => splitAggregate(w).map((m) => m.timestamp);

  test('times are shifted so that the first is the aggregate’s own', () => {
    const parts = splitAggregate(aggregate(1000, tag(8, 7, 'af01'), tag(9, 27, '2701'), tag(18, 30, '02')));
    assert.deepEqual(parts.map(plain), [
      { csid: 3, type: 8, streamId: 1, timestamp: 1000, payload: 'af01' },
      { csid: 3, type: 9, streamId: 1, timestamp: 1020, payload: '2701' },
      { csid: 3, type: 18, streamId: 1, timestamp: 1023, payload: '02' },
    ]);
    for (const part of parts) assert.equal(part.payload.buffer.byteLength, part.payload.length);
  });
  test('times in 32 bits, across their wrap', () =>
    assert.deepEqual(
      times(aggregate(0xffffffff, tag(8, 0x80000000, 'af'), tag(8, 0x80000002, 'af'))),
      [0xffffffff, 1],
    ));
  test('empty tags, and aggregates within, are left out', () =>
    assert.deepEqual(times(aggregate(5, tag(8, 1, ''), tag(22, 2, '00'), tag(9, 3, '27'))), [7]));
  test('the last back pointer may be missing', () =>
    assert.lengthOf(splitAggregate(aggregate(0, tag(8, 0, 'af'), tag(8, 0, 'af').subarray(0, -4))), 2));
  test('nothing in it', () => assert.deepEqual(splitAggregate(aggregate(0)), []));
  test('cut off in a tag header or in a tag', () => {
    for (const bytes of [tag(8, 0, 'af').subarray(0, 10), tag(8, 0, 'afaf').subarray(0, 12)])
      assertProtocolError(() => splitAggregate(aggregate(0, bytes)), 'RTMP_MESSAGE');
  });
  test('more than 4096 tags', () => {
    const tags = Array.from({ length: 4097 }, () => tag(8, 0, 'af'));
    assert.lengthOf(splitAggregate(aggregate(0, ...tags.slice(1))), 4096);
    assertProtocolError(() => splitAggregate(aggregate(0, ...tags)), 'RTMP_MESSAGE');
  });
});
