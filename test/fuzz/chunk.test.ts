import fc from 'fast-check';
import { assert, describe, test } from 'vitest';
import { ProtocolError } from '../../src/kernel/index.js';
import {
  ChunkDecoder,
  control,
  encodeChunks,
  parseMessage,
  splitAggregate,
  type WireMessage,
} from '../../src/protocol/rtmp/index.js';
import { decodeAll, decodeReused, type Plain, plain } from '../unit/protocol/rtmp/support.js';

function slicesOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length;
    out.push(bytes.subarray(at, at + size));
    at += size;
  }
  return out;
}

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5000 })), {
  minLength: 1,
  maxLength: 12,
});

/** Noise that is likely to look like chunks: small csids, small lengths, plausible types. */
const header = fc
  .tuple(
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 0, max: 5 }),
    fc.constantFrom(0, 1, 1000, 0xfffffe, 0xffffff),
    fc.constantFrom(0, 1, 4, 5, 100, 200, 0xffffff),
    fc.constantFrom(1, 2, 3, 4, 5, 6, 8, 9, 15, 17, 18, 20, 22, 77),
    fc.uint8Array({ maxLength: 140 }),
  )
  .map(([fmt, csid, time, length, type, noise]) => {
    const fields = Buffer.alloc(11);
    fields.writeUIntBE(time, 0, 3);
    fields.writeUIntBE(length, 3, 3);
    fields[6] = type;
    fields[7] = 1;
    return Buffer.concat([Buffer.of((fmt << 6) | csid), fields.subarray(0, [11, 7, 3, 0][fmt]), noise]);
  });
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 4000, size: 'max' }).map((bytes) => Buffer.from(bytes)),
  fc.array(header, { maxLength: 30 }).map((parts) => Buffer.concat(parts)),
);

/** Everything up to the first ProtocolError; anything else is a failure. */
function attempt(
  decoder: ChunkDecoder,
  slices: readonly Uint8Array[],
  budget: number,
): { messages: Plain[]; failed: string | undefined } {
  const messages: Plain[] = [];
  try {
    for (const slice of slices) {
      const got = decoder.push(slice);
      for (const m of got) {
        messages.push(plain(m));
        lookInto(m);
      }
      assert.isAtMost(decoder.partialBytes, budget);
    }
  } catch (error) {
    assert.instanceOf(error, ProtocolError, String(error));
    return { messages, failed: (error as ProtocolError).code };
  }
  return { messages, failed: undefined };
}

function lookInto(m: WireMessage): void {
  try {
    parseMessage(m);
    splitAggregate(m);
  } catch (error) {
    assert.instanceOf(error, ProtocolError, String(error));
  }
}

describe('chunk decoder: any bytes', () => {
  test('end in messages or a ProtocolError, within the memory budget, the same in any slicing', () => {
    fc.assert(
      fc.property(anyBytes, sizes, (bytes, cuts) => {
        const budget = 64 * 128 + 2 * bytes.length;
        const whole = attempt(
          new ChunkDecoder(),
          Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)),
          budget,
        );
        const cut = attempt(new ChunkDecoder(), slicesOf(bytes, cuts), budget);
        assert.equal(cut.failed, whole.failed);
        // The messages of the read that failed are lost with it.
        if (whole.failed === undefined) assert.deepEqual(cut.messages, whole.messages);
        else assert.deepEqual(cut.messages, whole.messages.slice(0, cut.messages.length));
      }),
      { numRuns: 2000 },
    );
  });
});

interface Sent {
  bytes: Buffer[];
  message: Plain;
}

/** Chunks of one message, cut by an encoder of the test's own, so that they can be interleaved. */
function chunksOf(m: Plain, chunkSize: number, repeat: boolean): Sent {
  const payload = Buffer.from(m.payload, 'hex');
  const whole = encodeChunks({ ...m, payload: payload.subarray(0, 0) }, chunkSize);
  whole.writeUIntBE(payload.length, whole.length - (m.timestamp >= 0xffffff ? 4 : 0) - 8, 3);
  const basic = whole.subarray(0, m.csid < 64 ? 1 : m.csid < 320 ? 2 : 3);
  const three = Buffer.from(basic);
  three[0] = (three[0] ?? 0) | 0xc0;
  const extended = m.timestamp >= 0xffffff && repeat ? whole.subarray(-4) : Buffer.alloc(0);
  const bytes: Buffer[] = [];
  for (let at = 0; at < payload.length; at += chunkSize)
    bytes.push(Buffer.concat([...(at === 0 ? [whole] : [three, extended]), payload.subarray(at, at + chunkSize)]));
  return { bytes, message: m };
}

const message = fc.record({
  csid: fc.constantFrom(3, 4, 5, 6, 63, 64, 319, 320, 65_599),
  type: fc.constantFrom(8, 9, 18, 20),
  streamId: fc.constantFrom(0, 1, 0xffffffff),
  timestamp: fc.oneof(
    fc.constantFrom(0, 0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff),
    fc.integer({ min: 0, max: 0x8fffffff }),
  ),
  // No byte is the first of an extended timestamp here: otherwise the end of a message may wait for the next header.
  payload: fc
    .integer({ min: 1, max: 600 })
    .map((length) => Buffer.from(Array.from({ length }, (_, i) => 0x90 + (i % 61))).toString('hex')),
});

describe('chunk decoder: valid messages', () => {
  for (const repeat of [true, false])
    test(`interleaved at random, ${repeat ? 'with' : 'without'} repeated extended timestamps, in any slicing`, () => {
      fc.assert(
        fc.property(
          fc.array(message, { maxLength: 20 }),
          fc.constantFrom(1, 2, 3, 7, 127, 128, 129, 4096),
          sizes,
          fc.array(fc.nat(), { minLength: 1, maxLength: 40 }),
          (messages, chunkSize, cuts, order) => {
            const queues = new Map<number, Sent[]>();
            for (const m of messages)
              queues.set(m.csid, [...(queues.get(m.csid) ?? []), chunksOf(m, chunkSize, repeat)]);
            const wire = [encodeChunks(control.setChunkSize(chunkSize), 128)];
            const want: Plain[] = [];
            for (let turn = 0; queues.size > 0; turn++) {
              const ids = [...queues.keys()];
              const csid = ids[(order[turn % order.length] ?? 0) % ids.length] ?? 0;
              const queue = queues.get(csid) ?? [];
              const first = queue[0];
              if (first === undefined) throw new Error('an empty queue');
              wire.push(first.bytes.shift() ?? Buffer.alloc(0));
              if (first.bytes.length > 0) continue;
              want.push(first.message);
              queue.shift();
              if (queue.length === 0) queues.delete(csid);
            }
            const bytes = Buffer.concat(wire);
            for (const slices of [[bytes], slicesOf(bytes, cuts)]) {
              assert.deepEqual(decodeAll(new ChunkDecoder(), slices).slice(1), want);
              assert.deepEqual(decodeReused(new ChunkDecoder(), slices).slice(1), want);
            }
          },
        ),
        { numRuns: 400 },
      );
    });

  test('what the encoder writes', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 20 }),
        fc.integer({ min: 1, max: 700 }),
        sizes,
        (messages, chunkSize, cuts) => {
          const sent = messages.map((m) => encodeChunks({ ...m, payload: Buffer.from(m.payload, 'hex') }, chunkSize));
          const bytes = Buffer.concat([encodeChunks(control.setChunkSize(chunkSize), 128), ...sent]);
          assert.deepEqual(decodeAll(new ChunkDecoder(), slicesOf(bytes, cuts)).slice(1), messages);
        },
      ),
      { numRuns: 400 },
    );
  });
});
