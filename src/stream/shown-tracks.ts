import type { Frame } from '../core/index.js';
import type { MediaMeter } from './statistics/media-meter.js';
import type { WireFormat } from './wire-format.js';
import type { WireLog } from './wire-log.js';

/**
 * What players of formats that wait for every track (`WireFormat.waitsForTracks`) are told of: the kinds of media that
 * the running publish has sent, not those that it has only announced.
 */
export class ShownTracks {
  /** The headers in force as such players see them; undefined: to be found anew. */
  #headers: { readonly of: readonly Frame[]; readonly shown: readonly Frame[] } | undefined;

  /** @param meter knows which kinds there were; of the same stream. */
  constructor(private readonly meter: Pick<MediaMeter, 'tracks'>) {}

  /** Whether there was media of a frame's kind: data is always there. */
  has({ kind }: Frame): boolean {
    return kind === 'data' || this.meter.tracks[kind];
  }

  /** The kinds that there were are others. */
  changed(): void {
    this.#headers = undefined;
  }

  /** The frames, or headers, that players of a format are told of. */
  of(frames: readonly Frame[], { waitsForTracks }: WireFormat): readonly Frame[] {
    return waitsForTracks === true ? frames.filter((frame) => this.has(frame)) : frames;
  }

  /** Appends what players of the log are told of. @param isFirst of its kind: the headers that were kept back go in front. */
  append(log: WireLog, frame: Frame, headers: readonly Frame[], isFirst: boolean): void {
    if (log.format.waitsForTracks !== true) return log.append(frame, headers);
    if (this.#headers?.of !== headers) this.#headers = { of: headers, shown: this.of(headers, log.format) };
    const { shown } = this.#headers;
    const { kind, dts } = frame;
    if (isFirst) for (const header of headers) if (header.kind === kind) log.append({ ...header, dts }, shown);
    if (this.has(frame)) log.append(frame, shown);
  }
}
