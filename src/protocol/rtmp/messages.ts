import { freeze, type Payload } from '../../core/index.js';
import { ProtocolError } from '../../kernel/index.js';
import { type AmfValue, decodeAmf0Leading, readDataName } from '../amf/index.js';
import { u32 } from './big-endian.js';
import { MessageType, type WireMessage } from './wire.js';

/** Events of a user control message (RTMP 1.0 §7.1.7). */
export const UserControl = {
  streamBegin: 0,
  streamEof: 1,
  streamDry: 2,
  setBufferLength: 3,
  isRecorded: 4,
  pingRequest: 6,
  pingResponse: 7,
} as const;

interface Timed {
  readonly csid: number;
  readonly streamId: number;
  readonly timestamp: number;
  readonly payload: Payload;
}

export type RtmpMessage =
  | { readonly kind: 'setChunkSize' | 'acknowledgement' | 'windowAckSize'; readonly bytes: number }
  | { readonly kind: 'abort'; readonly csid: number }
  | { readonly kind: 'setPeerBandwidth'; readonly bytes: number; readonly limit: number }
  /** `data` is what follows the event; `value` its first uint32 (a stream id or a time), 0 if there is none. */
  | { readonly kind: 'userControl'; readonly event: number; readonly value: number; readonly data: Payload }
  | ({ readonly kind: 'audio' | 'video' | 'aggregate' } & Timed)
  /** The payload is AMF0 from the name on, whether it came as type 18 or 15. */
  | ({ readonly kind: 'data'; readonly name: string } & Timed)
  | {
      readonly kind: 'command';
      readonly streamId: number;
      readonly name: string;
      readonly transactionId: number;
      /** After the transaction id: first the command object or null. */
      readonly args: readonly AmfValue[];
      readonly amf3: boolean;
    }
  | { readonly kind: 'ignored'; readonly type: number };

/**
 * What a message means. Audio, video and aggregate payloads are not looked into.
 * @throws {ProtocolError} RTMP_MESSAGE, AMF_SYNTAX, AMF_LIMIT
 */
export function parseMessage(w: WireMessage): RtmpMessage {
  switch (w.type) {
    case MessageType.audio:
      return timed('audio', w);
    case MessageType.video:
      return timed('video', w);
    case MessageType.aggregate:
      return timed('aggregate', w);
    case MessageType.dataAmf0:
    case MessageType.dataAmf3:
      return data(w);
    case MessageType.commandAmf0:
    case MessageType.commandAmf3:
      return command(w);
    case MessageType.setChunkSize:
      return { kind: 'setChunkSize', bytes: controlValue(w) };
    case MessageType.acknowledgement:
      return { kind: 'acknowledgement', bytes: controlValue(w) };
    case MessageType.windowAckSize:
      return { kind: 'windowAckSize', bytes: controlValue(w) };
    case MessageType.abort:
      return { kind: 'abort', csid: controlValue(w) };
    case MessageType.setPeerBandwidth:
      // Some peers leave the limit type out; 2 is "dynamic", what the original sends.
      return { kind: 'setPeerBandwidth', bytes: controlValue(w), limit: w.payload[4] ?? 2 };
    case MessageType.userControl:
      return userControl(w);
    default:
      // Shared objects, and types that nobody defined.
      return { kind: 'ignored', type: w.type };
  }
}

const timed = (kind: 'audio' | 'video' | 'aggregate', w: WireMessage): RtmpMessage => ({
  kind,
  csid: w.csid,
  streamId: w.streamId,
  timestamp: w.timestamp,
  payload: w.payload,
});

/** Type 15 and 17 put one 0 before AMF0 values, which may switch to AMF3 on their own (marker 0x11). */
const amf0Start = (w: WireMessage, amf3Type: number): number => (w.type === amf3Type && w.payload[0] === 0 ? 1 : 0);

function data(w: WireMessage): RtmpMessage {
  const start = amf0Start(w, MessageType.dataAmf3);
  const name = readDataName(w.payload, start);
  // Nothing that a stream needs: it must not cost an encoder its connection.
  if (name === undefined) return { kind: 'ignored', type: w.type };
  const payload = start === 0 ? w.payload : tail(w.payload, start);
  return { kind: 'data', name, csid: w.csid, streamId: w.streamId, timestamp: w.timestamp, payload };
}

function command(w: WireMessage): RtmpMessage {
  // Behind name and transaction id: what is readable, so that a stray byte costs no encoder its connection.
  const [name, transactionId, ...args] = decodeAmf0Leading(w.payload, amf0Start(w, MessageType.commandAmf3), 2);
  if (typeof name !== 'string') throw malformed('a command without a name', w);
  return {
    kind: 'command',
    streamId: w.streamId,
    name,
    transactionId: typeof transactionId === 'number' ? transactionId : 0,
    args,
    amf3: w.type === MessageType.commandAmf3,
  };
}

function userControl(w: WireMessage): RtmpMessage {
  const { payload } = w;
  if (payload.length < 2) throw malformed('a user control message without an event', w);
  const data = tail(payload, 2);
  return {
    kind: 'userControl',
    event: ((payload[0] as number) << 8) | (payload[1] as number),
    value: data.length < 4 ? 0 : u32(data, 0),
    data,
  };
}

function controlValue(w: WireMessage): number {
  if (w.payload.length < 4) throw malformed('a control message is too short', w);
  return u32(w.payload, 0);
}

const tail = (payload: Payload, start: number): Payload => freeze((payload as unknown as Buffer).subarray(start));

const malformed = (message: string, w: WireMessage): ProtocolError =>
  new ProtocolError('RTMP_MESSAGE', message, { type: w.type, csid: w.csid, length: w.payload.length });
