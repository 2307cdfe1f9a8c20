import { type AmfValue, encodeAmf0 } from '../amf/index.js';
import { putU32 } from './big-endian.js';
import { UserControl } from './messages.js';
import { CONTROL_CSID, MessageType, type OutMessage } from './wire.js';

/** Connection commands such as `connect` and `_result` (spec/rtmp.md §3.2). */
const COMMAND_CSID = 3;
/** Stream commands and the data that goes with them. */
const STREAM_CSID = 5;

/** Protocol control messages and user control events (RTMP 1.0 §5.4, §7.1.7). */
export const control = {
  setChunkSize: (bytes: number): OutMessage => controlMessage(MessageType.setChunkSize, uint32(bytes)),
  abort: (csid: number): OutMessage => controlMessage(MessageType.abort, uint32(csid)),
  /** @param bytes received so far; wraps at 2^32. */
  acknowledgement: (bytes: number): OutMessage => controlMessage(MessageType.acknowledgement, uint32(bytes)),
  windowAckSize: (bytes: number): OutMessage => controlMessage(MessageType.windowAckSize, uint32(bytes)),
  /** @param limit 0 hard, 1 soft, 2 dynamic. */
  setPeerBandwidth: (bytes: number, limit: number): OutMessage =>
    controlMessage(MessageType.setPeerBandwidth, Buffer.concat([uint32(bytes), Buffer.of(limit)])),
  streamBegin: (streamId: number): OutMessage => event(UserControl.streamBegin, uint32(streamId)),
  streamEof: (streamId: number): OutMessage => event(UserControl.streamEof, uint32(streamId)),
  setBufferLength: (streamId: number, ms: number): OutMessage =>
    event(UserControl.setBufferLength, uint32(streamId), uint32(ms)),
  pingRequest: (timestamp: number): OutMessage => event(UserControl.pingRequest, uint32(timestamp)),
  /** @param timestamp what came with the request: it goes back unchanged. */
  pingResponse: (timestamp: number): OutMessage => event(UserControl.pingResponse, uint32(timestamp)),
} as const;

/** An AMF0 command. @param args after the transaction id: the command object or null, then the arguments. */
export function command(
  name: string,
  transactionId: number,
  args: readonly AmfValue[],
  to: { readonly csid?: number; readonly streamId?: number } = {},
): OutMessage {
  return {
    csid: to.csid ?? COMMAND_CSID,
    type: MessageType.commandAmf0,
    streamId: to.streamId ?? 0,
    timestamp: 0,
    payload: encodeAmf0(name, transactionId, ...args),
  };
}

/** An AMF0 data message; its name is the first of the values. */
export function data(
  values: readonly AmfValue[],
  to: { readonly streamId: number; readonly csid?: number; readonly timestamp?: number },
): OutMessage {
  return {
    csid: to.csid ?? STREAM_CSID,
    type: MessageType.dataAmf0,
    streamId: to.streamId,
    timestamp: to.timestamp ?? 0,
    payload: encodeAmf0(...values),
  };
}

const controlMessage = (type: number, payload: Uint8Array): OutMessage => ({
  csid: CONTROL_CSID,
  type,
  streamId: 0,
  timestamp: 0,
  payload,
});

const event = (id: number, ...data: readonly Buffer[]): OutMessage =>
  controlMessage(MessageType.userControl, Buffer.concat([Buffer.of(id >> 8, id), ...data]));

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(4);
  putU32(bytes, 0, value);
  return bytes;
}
