import type { Frame } from '../core/index.js';
import { chunkedLength, MessageType, writeChunks } from '../protocol/rtmp/index.js';
import type { Selection, WireFormat } from './wire-format.js';

const CSID = { data: 4, video: 6, audio: 7 } as const;
const TYPE = { data: MessageType.dataAmf0, video: MessageType.video, audio: MessageType.audio } as const;
const UINT32 = 2 ** 32;

/** RTMP chunks of one size on message stream 1: the same bytes for every player (rtmp.md §3.2). */
export class RtmpFormat implements WireFormat {
  readonly id: string;

  constructor(
    readonly chunkSize: number,
    readonly selection: Selection = 'all',
  ) {
    this.id = `rtmp:${chunkSize}:${selection}`;
  }

  lengthOf(frame: Frame): number {
    return chunkedLength(frame.payload.length, frame.dts % UINT32, this.chunkSize, CSID[frame.kind]);
  }

  write(out: Buffer, at: number, frame: Frame): number {
    const { kind, dts, payload } = frame;
    return writeChunks(out, at, CSID[kind], TYPE[kind], 1, dts % UINT32, payload, this.chunkSize);
  }
}
