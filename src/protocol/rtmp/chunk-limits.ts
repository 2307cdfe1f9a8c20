import { MessageType as T } from './wire.js';

const MiB = 1024 * 1024;

/** What one connection may make us hold (architecture.md §6). */
export interface ChunkLimits {
  /** Audio, video, aggregate. The 24-bit length field ends one byte below. */
  readonly mediaBytes: number;
  /** Commands and protocol control. */
  readonly commandBytes: number;
  /** Data and shared objects, and types that nobody knows. */
  readonly dataBytes: number;
  /** Allocated for unfinished messages, all chunk streams together. */
  readonly partialBytes: number;
  /** Chunk streams with a state of their own; one that was used once keeps it (RTMP 1.0 §5.3.1.2). */
  readonly chunkStreams: number;
  /** The largest chunk size that the peer may set. */
  readonly chunkSize: number;
}

export const defaultChunkLimits: ChunkLimits = {
  mediaBytes: 16 * MiB,
  commandBytes: 64 * 1024,
  dataBytes: MiB,
  partialBytes: 32 * MiB,
  chunkStreams: 64,
  chunkSize: 16 * MiB,
};

/** The longest message by type id: one array read per message. */
export function lengthLimits(limits: ChunkLimits): Uint32Array {
  const byType = new Uint32Array(256).fill(limits.dataBytes);
  byType.fill(limits.commandBytes, T.setChunkSize, T.setPeerBandwidth + 1);
  for (const type of [T.commandAmf0, T.commandAmf3]) byType[type] = limits.commandBytes;
  for (const type of [T.audio, T.video, T.aggregate]) byType[type] = limits.mediaBytes;
  return byType;
}
