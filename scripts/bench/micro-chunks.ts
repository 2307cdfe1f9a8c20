/**
 * Chunk decoder and encoder, ns per message: `npx tsx scripts/bench/micro-chunks.ts [seconds per case]`.
 * "64K": reads of 64 KiB, as from a busy publisher. "1448": one TCP segment per read, as from a distant one.
 */
import {
  ChunkDecoder,
  chunkedLength,
  control,
  encodeChunks,
  MessageType,
  writeChunks,
} from '../../src/protocol/rtmp/index.js';

const SECONDS = Number(process.argv[2] ?? 0.5);
const BATCH = 256;

/** Best of the rounds, in ns per message: other load on the machine only ever adds. */
function measure(run: () => number): number {
  let best = Infinity;
  const until = performance.now() + SECONDS * 1000;
  for (let rounds = 0; rounds < 5 || performance.now() < until; rounds++) {
    const start = process.hrtime.bigint();
    const messages = run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / messages);
  }
  return best;
}

function stream(payload: Buffer, chunkSize: number): Buffer {
  const messages = Array.from({ length: BATCH }, (_, i) =>
    encodeChunks(
      { csid: 4 + (i & 1) * 2, type: MessageType.video, streamId: 1, timestamp: i * 40, payload },
      chunkSize,
    ),
  );
  return Buffer.concat(messages);
}

function slices(bytes: Buffer, size: number): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(bytes.subarray(at, at + size));
  return out;
}

function decoding(payload: Buffer, chunkSize: number, readBytes: number): number {
  const reads = slices(stream(payload, chunkSize), readBytes);
  const decoder = new ChunkDecoder();
  decoder.push(encodeChunks(control.setChunkSize(chunkSize), 128));
  return measure(() => {
    let messages = 0;
    for (const read of reads) messages += decoder.push(read).length;
    if (messages !== BATCH) throw new Error(`${messages} messages`);
    return messages;
  });
}

function encoding(payload: Buffer, chunkSize: number): number {
  const out = Buffer.allocUnsafeSlow(BATCH * chunkedLength(payload.length, 0, chunkSize));
  return measure(() => {
    for (let i = 0, at = 0; i < BATCH; i++)
      at = writeChunks(out, at, 6, MessageType.video, 1, i * 40, payload, chunkSize);
    return BATCH;
  });
}

const rows: Record<string, unknown>[] = [];
for (const length of [100, 1400, 11_000])
  for (const chunkSize of [128, 4096, 60_000]) {
    const payload = Buffer.alloc(length, 0x5a);
    rows.push({
      length,
      chunkSize,
      'decode 64K': Math.round(decoding(payload, chunkSize, 65_536)),
      'decode 1448': Math.round(decoding(payload, chunkSize, 1448)),
      encode: Math.round(encoding(payload, chunkSize)),
    });
  }
console.table(rows);
