import type { Payload } from '../../core/index.js';

/** One RTMP message as the chunk stream carries it (RTMP 1.0 §4, §5.3), its payload not yet read. */
export interface WireMessage {
  readonly csid: number;
  readonly type: number;
  readonly streamId: number;
  /** uint32 milliseconds: wraps after 49.7 days. */
  readonly timestamp: number;
  readonly payload: Payload;
}

/** A message to send: whoever hands it over keeps its bytes still until they are encoded. */
export type OutMessage = Omit<WireMessage, 'payload'> & { readonly payload: Uint8Array };

/** Message type ids (RTMP 1.0 §5.4, §6.2, §7.1). */
export const MessageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  sharedObjectAmf3: 16,
  commandAmf3: 17,
  dataAmf0: 18,
  sharedObjectAmf0: 19,
  commandAmf0: 20,
  aggregate: 22,
} as const;

/** Both sides start with it (RTMP 1.0 §5.4.1). */
export const DEFAULT_CHUNK_SIZE = 128;

/** The 24-bit timestamp field holds this when the value follows in 32 bits (RTMP 1.0 §5.3.1.3). */
export const EXTENDED_TIMESTAMP = 0xffffff;

/** Protocol control messages travel here, on message stream 0 (RTMP 1.0 §5.4). */
export const CONTROL_CSID = 2;
