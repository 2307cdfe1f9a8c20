import type { Frame } from '../core/index.js';
import { TagType, tagLength, writeTag } from '../protocol/flv/index.js';
import { type Framing, plain } from './framing.js';
import type { Selection, WireFormat } from './wire-format.js';

const TYPE = { audio: TagType.audio, video: TagType.video, data: TagType.script } as const;

/** FLV tags, each in the framing of its transport (spec/http.md §4). */
export class FlvFormat implements WireFormat {
  readonly id: string;
  readonly waitsForTracks = true;

  constructor(
    readonly selection: Selection = 'all',
    private readonly framing: Framing = plain,
    readonly isPlain = false,
  ) {
    this.id = `flv-${framing.name}:${selection}${isPlain ? ':plain' : ''}`;
  }

  lengthOf(frame: Frame): number {
    const length = tagLength(frame.payload.length);
    return length + this.framing.overhead(length);
  }

  write(out: Buffer, at: number, { kind, dts, payload }: Frame): number {
    const body = this.framing.begin(out, at, tagLength(payload.length));
    return this.framing.end(out, writeTag(out, body, TYPE[kind], dts, payload));
  }
}
