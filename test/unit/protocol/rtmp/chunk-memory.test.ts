import { assert, describe, test } from 'vitest';
import { ChunkDecoder, control, encodeChunks } from '../../../../src/protocol/rtmp/index.js';
import { fromHex } from '../../../support/bytes.js';
import { assertProtocolError } from '../../../support/protocol-error.js';

const MiB = 1024 * 1024;

/** A header that declares the longest message there can be. */
const huge = (csid: number): Buffer => Buffer.concat([Buffer.of(csid), fromHex('000000 ffffff 09 01000000')]);

describe('chunk decoder memory (reliability S2)', () => {
  test('500 connections declaring 16 MiB on each of 60 chunk streams hold next to nothing', () => {
    const size = encodeChunks(control.setChunkSize(MiB), 128);
    const one = Buffer.concat(
      [encodeChunks(control.setChunkSize(1), 128)].concat(
        Array.from({ length: 60 }, (_, i) => Buffer.concat([huge(i + 3), Buffer.of(0x17)])),
      ),
    );
    const before = process.memoryUsage.rss();
    const decoders = Array.from({ length: 500 }, () => {
      const decoder = new ChunkDecoder();
      decoder.push(size);
      decoder.push(one);
      return decoder;
    });
    const allocated = decoders.reduce((sum, decoder) => sum + decoder.partialBytes, 0);
    assert.isAtMost(allocated, 4 * MiB);
    assert.isAtMost(process.memoryUsage.rss() - before, 60 * MiB);
  });

  test('one whole read of message beginnings is not multiplied', () => {
    // 60 messages of 60 000 bytes fit into the declared chunk size, none of them into the read.
    const decoder = new ChunkDecoder();
    decoder.push(encodeChunks(control.setChunkSize(1), 128));
    const starts = Array.from({ length: 60 }, (_, i) =>
      Buffer.concat([Buffer.of(i + 3), fromHex('000000 00ea60 09 01000000 17')]),
    );
    decoder.push(Buffer.concat([...starts, Buffer.alloc(60_000, 0xc3)]));
    assert.isAtMost(decoder.partialBytes, 2 * 65_536);
  });

  test('what is allocated stays within twice of what arrived, and is given back', () => {
    const decoder = new ChunkDecoder();
    const payload = Buffer.alloc(3 * MiB, 7);
    const bytes = encodeChunks({ csid: 6, type: 9, streamId: 1, timestamp: 0, payload }, 128);
    let messages = 0;
    for (let at = 0; at < bytes.length; at += 1448) {
      messages += decoder.push(bytes.subarray(at, at + 1448)).length;
      assert.isAtMost(decoder.partialBytes, 2 * (at + 1448));
    }
    assert.deepEqual([messages, decoder.partialBytes], [1, 0]);
  });

  test('a message owns exactly its bytes', () => {
    const payload = Buffer.alloc(5000, 7);
    const bytes = encodeChunks({ csid: 6, type: 9, streamId: 1, timestamp: 0, payload }, 128);
    for (const step of [bytes.length, 700])
      for (let at = 0, decoder = new ChunkDecoder(); at < bytes.length; at += step)
        for (const m of decoder.push(bytes.subarray(at, at + step))) assert.equal(m.payload.buffer.byteLength, 5000);
  });

  test('more than 32 MiB in unfinished messages', () => {
    const decoder = new ChunkDecoder();
    decoder.push(encodeChunks(control.setChunkSize(12 * MiB), 128));
    const chunk = Buffer.alloc(12 * MiB, 7);
    for (const csid of [3, 4]) {
      decoder.push(huge(csid));
      decoder.push(chunk);
    }
    assert.isAtMost(decoder.partialBytes, 32 * MiB);
    decoder.push(huge(5));
    assertProtocolError(() => decoder.push(chunk), 'RTMP_PARTIAL_BYTES');
  });

  test('Abort gives memory back', () => {
    const decoder = new ChunkDecoder();
    decoder.push(Buffer.concat([huge(3), Buffer.alloc(128)]));
    assert.isAbove(decoder.partialBytes, 0);
    decoder.push(encodeChunks(control.abort(3), 128));
    assert.equal(decoder.partialBytes, 0);
  });
});
