import type { Frame } from '../core/index.js';
import { SrsError } from '../kernel/index.js';
import { FrameMuxer, type Tracks } from '../protocol/mpegts/index.js';
import { type Framing, framed, plain } from './framing.js';
import type { Selection, WireFormat } from './wire-format.js';

/** Tables come at least so often, in ms: who joins where there is no key frame need not wait long (ETSI TR 101 290: 500). */
const TABLES_EVERY = 400;
const NOTHING = Buffer.alloc(0);

/**
 * MPEG-TS without an end. Key frames have the tables in front, so a viewer can start at each.
 *
 * Continuity counters and the clock depend on what came before, and every viewer must see the same: so each frame is
 * encoded once, in the order of the stream, and remembered until its batch is closed.
 */
export class TsFormat implements WireFormat {
  readonly id: string;
  readonly waitsForTracks = true;
  readonly #muxer = new FrameMuxer();
  readonly #encoded = new Map<Frame, Buffer>();
  #headers: readonly Frame[] | undefined;
  /** The last of each kind: in force until another comes, however often it is among the headers. */
  readonly #configured = new Map<Frame['kind'], Frame>();
  #tracks: Tracks = { video: undefined, audio: undefined };
  #tracksChanged = false;
  /** Codecs whose configuration cannot be read: not announced. */
  readonly #unreadable = new Set<Frame['codec']>();
  #tables: Buffer = NOTHING;
  #tablesAt = Number.NEGATIVE_INFINITY;

  /** @param framing of each frame. */
  constructor(
    readonly selection: Selection,
    private readonly framing: Framing = plain,
  ) {
    this.id = `ts-${framing.name}:${selection}`;
  }

  begin(frames: readonly Frame[], headers: readonly Frame[]): void {
    if (headers !== this.#headers) for (const header of headers) this.#configure(header);
    this.#headers = headers;
    // So that the first tables name a track without configuration (MP3) that starts a moment after the other.
    for (const frame of frames) this.#see(frame);
  }

  /** Who starts at a key frame finds the tables there; else the latest, whose successors have the next counters. */
  preamble(atKey: boolean): Buffer {
    return atKey || this.#tables.length === 0 ? NOTHING : framed(this.framing, this.#tables);
  }

  lengthOf(frame: Frame): number {
    let bytes = this.#encoded.get(frame);
    if (bytes === undefined) {
      bytes = this.#encode(frame);
      this.#encoded.set(frame, bytes);
    }
    return bytes.length;
  }

  write(out: Buffer, at: number, frame: Frame): number {
    const bytes = this.#encoded.get(frame) ?? NOTHING;
    out.set(bytes, at);
    return at + bytes.length;
  }

  closed(): void {
    this.#encoded.clear();
  }

  #encode(frame: Frame): Buffer {
    if (frame.role === 'config') this.#configure(frame);
    if (!isCoded(frame) || this.#trackOf(frame) === undefined) return NOTHING;
    this.#see(frame);
    const tables = this.#areTablesDue(frame) ? this.#writeTables(frame) : NOTHING;
    const packets = this.#muxer.write(frame) === 'written' ? this.#muxer.take() : NOTHING;
    const bytes = tables.length === 0 ? packets : Buffer.concat([tables, packets]);
    // A chunk of no bytes would end an HTTP response.
    return bytes.length === 0 ? NOTHING : framed(this.framing, bytes);
  }

  /** Between key frames they stand in front of audio, which viewers hear who still wait for a picture. */
  #areTablesDue({ kind, role, dts }: Frame): boolean {
    if (this.#tracksChanged || (kind === 'video' && role === 'key')) return true;
    return dts - this.#tablesAt >= TABLES_EVERY && (kind === 'audio' || this.#tracks.audio === undefined);
  }

  #writeTables({ dts }: Frame): Buffer {
    this.#tracksChanged = false;
    this.#tablesAt = dts;
    this.#muxer.begin(this.#tracks);
    this.#tables = this.#muxer.take();
    return this.#tables;
  }

  #trackOf(frame: Frame) {
    const selected = this.selection === 'all' || this.selection === frame.kind;
    if (frame.role !== 'config' && this.#unreadable.has(frame.codec)) return undefined;
    return selected ? FrameMuxer.trackOf(frame) : undefined;
  }

  #see(frame: Frame): void {
    const track = isCoded(frame) || frame.role === 'config' ? this.#trackOf(frame) : undefined;
    if (track === undefined || this.#tracks[frame.kind as keyof Tracks] === track) return;
    this.#tracks = { ...this.#tracks, [frame.kind]: track };
    this.#tracksChanged = true;
  }

  #configure(frame: Frame): void {
    if (frame.role !== 'config' || this.#trackOf(frame) === undefined) return;
    if (this.#configured.get(frame.kind) === frame) return;
    this.#configured.set(frame.kind, frame);
    try {
      const config = FrameMuxer.read(frame);
      if (config !== undefined) this.#muxer.configure(config);
      this.#unreadable.delete(frame.codec);
      this.#see(frame);
    } catch (error) {
      // Its frames cannot be written until a better one comes; RTMP and FLV have no need to read it.
      if (!(error instanceof SrsError)) throw error;
      this.#unreadable.add(frame.codec);
    }
  }
}

const isCoded = ({ kind, role }: Frame): boolean =>
  kind !== 'data' && (role === 'key' || role === 'inter' || role === 'audio');
