import { BitReader } from '../bit-reader.js';
import { NalKind, nalHeader, nalKind } from './nal-kinds.js';
import type { VideoTrack } from './tables.js';

export const START_CODE = Uint8Array.from([0, 0, 0, 1]);
/** H.264 has 256 numbers for picture parameter sets, encoders use a few. */
const MAX_PPS = 64;

/**
 * The parameter sets in force: those of the codec configuration, until pictures bring others. Encoders that change the size
 * of the picture do so, with or without another configuration.
 */
export class ParameterSets {
  /** By kind: VPS, SPS, PPS, and SEI messages, which a configuration of HEVC may hold. */
  readonly #byKind: Uint8Array[][] = [[], [], [], []];
  #all: readonly Uint8Array[] = [];
  /** Counts sequences: goes on with every other SPS. */
  sequence = 0;

  constructor(
    private readonly track: VideoTrack,
    configured: readonly Uint8Array[],
  ) {
    for (const set of configured) this.#byKind[this.#kindOf(set)]?.push(set);
    this.#arrange();
  }

  /** The sets in the order in which decoders need them, with start codes. */
  get all(): readonly Uint8Array[] {
    return this.#all;
  }

  get hasSequence(): boolean {
    return (this.#byKind[NalKind.sps] as Uint8Array[]).length > 0;
  }

  /** Whether another sequence begins with this set: with pictures of another size, for one. */
  beginsSequence(set: Uint8Array): boolean {
    return this.#kindOf(set) === NalKind.sps && this.hasSequence && !this.#has(set);
  }

  /** Takes over what a picture brings. What is in force already changes nothing. @param own without start codes. */
  take(own: readonly Uint8Array[]): void {
    if (own.every((set) => this.#has(set))) return;
    if (own.some((set) => this.beginsSequence(set))) this.sequence++;
    // With another SPS goes what belonged to the old one, as far as there is something in its place.
    const isAnother = own.some((set) => this.#kindOf(set) !== NalKind.pps && !this.#has(set));
    for (const kind of [NalKind.vps, NalKind.sps, NalKind.pps]) {
      const brought = own.filter((set) => this.#kindOf(set) === kind).map((set) => Uint8Array.from(set));
      if (brought.length === 0) continue;
      const kept = kind === NalKind.pps && !isAnother ? this.#ppsExcept(brought) : [];
      this.#byKind[kind] = [...kept, ...brought].slice(-MAX_PPS);
    }
    this.#arrange();
  }

  #ppsExcept(brought: readonly Uint8Array[]): Uint8Array[] {
    const numbers = new Set(brought.map((pps) => this.#ppsNumber(pps)));
    return (this.#byKind[NalKind.pps] as Uint8Array[]).filter((pps) => !numbers.has(this.#ppsNumber(pps)));
  }

  /** Its first field in both codecs (H.264 §7.3.2.2, H.265 §7.3.2.3). */
  #ppsNumber(pps: Uint8Array): number {
    return new BitReader(pps.subarray(nalHeader(this.track))).ue();
  }

  #kindOf(set: Uint8Array): NalKind {
    return nalKind(this.track, set[0] ?? 0);
  }

  #has(set: Uint8Array): boolean {
    return this.#byKind[this.#kindOf(set)]?.some((known) => isSame(known, set)) === true;
  }

  #arrange(): void {
    this.#all = this.#byKind.flat().map((set) => {
      const bytes = new Uint8Array(START_CODE.length + set.length);
      bytes.set(START_CODE);
      bytes.set(set, START_CODE.length);
      return bytes;
    });
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
