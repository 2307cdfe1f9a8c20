import type { Frame } from '../core/index.js';
import { isMultitrack } from '../protocol/flv/index.js';

/** Which kinds of frames a viewer asked for (receiveAudio/receiveVideo, `?only=`). */
export type Selection = 'all' | 'audio' | 'video';

/**
 * How a frame looks on the wire: the same for all viewers of the format, so one encoding serves them all, and encoding
 * the same frame twice gives the same bytes. The optional part is for formats in which a frame depends on others.
 */
export interface WireFormat {
  /** Two viewers with the same id share one log. */
  readonly id: string;
  readonly selection: Selection;
  /** For viewers who know nothing of multitrack packets and would take them for something else: without these. */
  readonly isPlain?: boolean;
  /**
   * Players of the format make ready for every track that they are told of, and play nothing before it comes (mpegts.js;
   * AVPlayer, with the tables of a transport stream). So they hear of one with its first frame: cameras whose
   * microphone is off send the configuration of their sound, and no sound.
   */
  readonly waitsForTracks?: boolean;
  lengthOf(frame: Frame): number;
  /** Writes the frame at `at`. @returns the offset behind it. */
  write(out: Buffer, at: number, frame: Frame): number;
  /** These frames are encoded next, perhaps again, and these headers are in force at the first of them. */
  begin?(frames: readonly Frame[], headers: readonly Frame[]): void;
  /** What a newcomer needs in front of what it gets. Left out: the headers, encoded as frames. */
  preamble?(atKey: boolean): Buffer;
  /** The frames that were encoded last are not asked for again. */
  closed?(): void;
}

/** Whether this frame is for the viewers of the format. */
export function selects({ selection, isPlain }: WireFormat, { kind, payload }: Frame): boolean {
  if (kind === 'data') return true;
  if (selection !== 'all' && kind !== selection) return false;
  return isPlain !== true || !isMultitrack(payload, kind);
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
