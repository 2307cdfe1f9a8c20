import { type Frame, freeze, type Payload } from '../core/index.js';
import { encodeAmf0 } from '../protocol/amf/index.js';
import { chunkedLength, MessageType, writeChunks } from '../protocol/rtmp/index.js';
import type { Selection, WireFormat } from './wire-format.js';

const CSID = { data: 4, video: 6, audio: 7 } as const;
const TYPE = { data: MessageType.dataAmf0, video: MessageType.video, audio: MessageType.audio } as const;
const UINT32 = 2 ** 32;
/** Our answer to every createStream, so that all players are sent the same bytes. */
const PLAYERS_STREAM = 1;

/** RTMP chunks of one size on message stream 1: the same bytes for every player (spec/rtmp.md §3.2). */
export class RtmpFormat implements WireFormat {
  readonly id: string;

  constructor(
    readonly chunkSize: number,
    readonly selection: Selection = 'all',
    readonly isPlain = false,
    protected readonly streamId = PLAYERS_STREAM,
  ) {
    this.id = `rtmp:${chunkSize}:${selection}${isPlain ? ':plain' : ''}`;
  }

  /** The message's payload, which is the frame's own but for what the peer has to be told besides. */
  protected payloadOf(frame: Frame): Payload {
    return frame.payload;
  }

  lengthOf(frame: Frame): number {
    return chunkedLength(this.payloadOf(frame).length, frame.dts % UINT32, this.chunkSize, CSID[frame.kind]);
  }

  write(out: Buffer, at: number, frame: Frame): number {
    const { kind, dts } = frame;
    const payload = this.payloadOf(frame);
    return writeChunks(out, at, CSID[kind], TYPE[kind], this.streamId, dts % UINT32, payload, this.chunkSize);
  }
}

const SET_DATA_FRAME = encodeAmf0('@setDataFrame');

/**
 * The same for a server that the stream is pushed to: on the message stream that it gave, and metadata in the form that
 * encoders send. Destinations that gave the same number, mostly 1, share their bytes.
 */
export class RtmpPushFormat extends RtmpFormat {
  override readonly id: string;

  constructor(chunkSize: number, streamId: number) {
    super(chunkSize, 'all', false, streamId);
    this.id = `rtmp-push:${chunkSize}:${streamId}`;
  }

  protected override payloadOf({ kind, role, payload }: Frame): Payload {
    return kind === 'data' && role === 'meta' ? freeze(Buffer.concat([SET_DATA_FRAME, payload])) : payload;
  }
}
