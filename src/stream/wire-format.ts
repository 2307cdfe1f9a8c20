import type { Frame, FrameKind } from '../core/index.js';

/** Which kinds of frames a viewer asked for (receiveAudio/receiveVideo, `?only=`). */
export type Selection = 'all' | 'audio' | 'video';

/**
 * How a frame looks on the wire. The bytes depend on nothing but the frame, so one encoding serves all viewers of the
 * format, and encoding the same frame twice gives the same bytes.
 */
export interface WireFormat {
  /** Two viewers with the same id share one log. */
  readonly id: string;
  readonly selection: Selection;
  lengthOf(frame: Frame): number;
  /** Writes the frame at `at`. @returns the offset behind it. */
  write(out: Buffer, at: number, frame: Frame): number;
}

export function selects(selection: Selection, kind: FrameKind): boolean {
  return selection === 'all' || kind === 'data' || kind === selection;
}

export function encodeFrames(format: WireFormat, frames: readonly Frame[]): Buffer {
  let length = 0;
  for (const frame of frames) length += format.lengthOf(frame);
  // Small batches come from the pool: a frame of 100 bytes should not cost a whole allocation.
  const out = Buffer.allocUnsafe(length);
  let at = 0;
  for (const frame of frames) at = format.write(out, at, frame);
  return out;
}
