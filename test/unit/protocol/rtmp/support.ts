import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type ChunkDecoder,
  type OutMessage,
  ServerHandshake,
  type WireMessage,
} from '../../../../src/protocol/rtmp/index.js';

/** A message as plain data, so that a failed comparison can be read. */
export interface Plain {
  csid: number;
  type: number;
  streamId: number;
  timestamp: number;
  payload: string;
}

export const plain = (m: WireMessage | OutMessage): Plain => ({
  csid: m.csid,
  type: m.type,
  streamId: m.streamId,
  timestamp: m.timestamp,
  payload: Buffer.from(m.payload).toString('hex'),
});

export const decodeAll = (decoder: ChunkDecoder, slices: Iterable<Uint8Array>): Plain[] =>
  Array.from(slices).flatMap((slice) => decoder.push(slice).map(plain));

/** The same from read buffers that are overwritten after each push: a message must own its bytes. */
export function decodeReused(decoder: ChunkDecoder, slices: Iterable<Uint8Array>): Plain[] {
  const messages: WireMessage[] = [];
  for (const slice of slices) {
    const slab = Buffer.from(slice);
    messages.push(...decoder.push(slab));
    randomFillSync(slab);
  }
  return messages.map(plain);
}

/** What a peer sent after its handshake (test/golden/rtmp/capture.mjs). */
export function captured(name: string): { raw: Buffer; kind: string | undefined; chunks: Buffer } {
  const raw = readFileSync(new URL(`../../../golden/rtmp/${name}.bin`, import.meta.url));
  const handshake = new ServerHandshake();
  handshake.push(raw);
  return { raw, kind: handshake.kind, chunks: Buffer.from(handshake.rest) };
}
