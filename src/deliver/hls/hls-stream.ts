import type { Clock } from '../../kernel/index.js';
import { writePlaylist } from '../../protocol/m3u8/index.js';
import type { StreamName } from '../../stream/index.js';
import { Dates } from './dates.js';
import { HlsRules, PIECE_SHARE } from './hls-rules.js';
import type { HlsSettings } from './hls-settings.js';
import { KeyRing } from './keys.js';
import { fillPath, segmentPath, uriOf } from './names.js';
import type { Piece } from './open-piece.js';
import { type Segment, SegmentWindow } from './segment-window.js';
import { Segmenter } from './segmenter.js';
import { firstDiscontinuity, firstNumber, grid } from './sequence.js';
import { startOffset } from './start-point.js';

/** Where the numbers of a stream are, for who goes on with them. */
export interface HlsNumbers {
  /** Of the next segment. */
  readonly next: number;
  /** How many discontinuities there have been. */
  readonly discontinuities: number;
}

/** Hears what changes. */
export interface HlsListener {
  /** A segment or key can be served; undefined: not any more. */
  file(path: string, kind: 'segment' | 'key', bytes: Buffer | undefined): void;
  /** The playlist is another one. @param added the segment that is new in it. */
  listed(added: Segment | undefined): void;
  /** Media was left out. */
  leftOut(codec: string, why: string): void;
  /** Segments were forgotten before their time. */
  memoryFull(): void;
}

/** A playlist, parted where the query of its reader goes, and as its last reader got it. */
interface WrittenPlaylist {
  readonly parts: readonly string[];
  query: string;
  text: string;
}

/** Stands for the query in a playlist that all readers share; no name has it. */
const QUERY = '\0';

/** The playlist of one stream and its segments, in memory. It outlives publishers, so that numbers never go back. */
export class HlsStream implements HlsNumbers {
  readonly segmenter: Segmenter;
  readonly playlistPath: string;
  readonly #window = new SegmentWindow();
  readonly #keys: KeyRing;
  readonly #rules: HlsRules;
  readonly #dates = new Dates();
  /** Other servers make the same segments. */
  readonly #isShared: boolean;
  #next: number;
  #discontinuities: number;
  /** What comes next does not go on from what players may have seen: of another process, or elsewhere. */
  #isNew: boolean;
  #target: number | undefined;
  #ended = false;
  /** Undefined: to be written anew. */
  #written: WrittenPlaylist | undefined;
  #lastEnd = 0;

  /** @param before the one that it takes the place of. */
  constructor(
    private readonly name: StreamName,
    private readonly settings: () => HlsSettings,
    private readonly clock: Clock,
    private readonly listener: HlsListener,
    before?: HlsNumbers,
  ) {
    this.#rules = new HlsRules(settings, clock, () => this.#target);
    const isAligned = this.#rules.isAligned();
    const wall = clock.wall();
    const next = before?.next ?? 0;
    this.#next = isAligned ? next : Math.max(next, firstNumber(wall));
    // Servers of a cluster count alike; there a stream that begins again has the encoder's clock as before.
    this.#isShared = isAligned && settings().isAbsolute;
    this.#discontinuities = before?.discontinuities ?? (this.#isShared ? 0 : firstDiscontinuity(wall));
    this.#isNew = before !== undefined || !this.#isShared;
    this.playlistPath = fillPath(settings().hls.hlsM3u8File, name);
    this.segmenter = new Segmenter(
      this.#rules,
      (piece) => this.#add(piece),
      (codec, why) => listener.leftOut(codec, why),
    );
    this.#keys = new KeyRing((seq) => {
      const { hlsKeyFile, hlsKeyUrl } = settings().hls;
      const path = fillPath(hlsKeyFile, name, { seq: `${seq}` });
      return { path, uri: uriOf(path, this.playlistPath, hlsKeyUrl) };
    });
  }

  /** The number that the next segment will have. */
  get next(): number {
    return this.#next;
  }

  get discontinuities(): number {
    return this.#discontinuities;
  }

  /** Bytes of segments in memory. */
  get bytes(): number {
    return this.#window.bytes;
  }

  get kept(): readonly Segment[] {
    return this.#window.kept;
  }

  get listed(): readonly Segment[] {
    return this.#window.listed;
  }

  /** There is a playlist, or what is published cannot begin one. */
  get isBegun(): boolean {
    const { leftOut, hasMedia } = this.segmenter;
    return this.#ended || this.listed.length > 0 || (leftOut.size > 0 && !hasMedia);
  }

  /** The most bits that a second of the listed segments takes. */
  get bandwidth(): number {
    return Math.max(0, ...this.listed.map(({ size, duration }) => (8 * size) / duration));
  }

  /** @param query what every URI is followed by. @returns undefined while there is no segment yet. */
  playlist(query: string): string | undefined {
    const written = this.#written ?? this.#write();
    if (written !== undefined && written.query !== query) {
      written.query = query;
      written.text = written.parts.join(query);
    }
    return written?.text;
  }

  #write(): WrittenPlaylist | undefined {
    const parts = this.playlistOf(this.listed, QUERY)?.split(QUERY);
    this.#written = parts && { parts, query: '', text: parts.join('') };
    return this.#written;
  }

  /** A playlist of these, which follow each other. */
  playlistOf(entries: readonly Segment[], query = ''): string | undefined {
    const [first] = entries;
    if (first === undefined || this.#target === undefined) return undefined;
    return writePlaylist(
      {
        targetDuration: this.#target,
        mediaSequence: first.seq,
        discontinuitySequence: first.discontinuitiesBefore,
        startOffset: startOffset(entries, this.#target, this.#ended),
        entries,
        ended: this.#ended,
      },
      query,
    );
  }

  /** Somebody publishes (again). */
  resume(): void {
    this.#rules.resume();
    this.#ended = false;
    this.#written = undefined;
  }

  /** The publisher did not come back. */
  end(): void {
    this.#ended = true;
    this.#written = undefined;
    this.listener.listed(undefined);
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Forgets everything. */
  dispose(): void {
    this.#forget(this.#window.clear());
    this.#written = undefined;
  }

  #add({ bytes, start, duration, independent, ...piece }: Piece): void {
    const { hls, utc } = this.settings();
    const { hlsFragment, hlsTdRatio, hlsTsFile, hlsEntryPrefix } = hls;
    const { fragment } = this.#rules;
    const isAligned = this.#rules.isAligned();
    // Between two points of the grid is a fragment, and a key frame may be late by nearly another.
    const target = hlsFragment * (isAligned ? Math.max(2, hlsTdRatio) : hlsTdRatio);
    this.#target ??= Math.max(1, Math.ceil(target), Math.round(duration));
    const unix = isAligned ? this.#rules.unix(start) : 0;
    const seq = isAligned ? Math.max(this.#next, grid.number(unix, fragment)) : this.#next;
    // A list says only where its numbers begin.
    if (seq !== this.#next) this.#window.retireAll(this.clock.now());
    this.#next = seq + 1;
    this.#lastEnd = Math.max(this.#lastEnd + 1, this.clock.wall());
    const discontinuity = piece.discontinuity || this.#isNew;
    this.#isNew = false;
    if (discontinuity) this.#dates.restart();
    const timestamp = isAligned ? grid.index(unix, fragment) : this.#lastEnd;
    const path = segmentPath(hlsTsFile, this.name, { seq, duration, at: this.#lastEnd, timestamp }, utc);
    const locked = hls.hlsKeys ? this.#keys.encrypt(bytes, seq, hls.hlsFragmentsPerKey) : undefined;
    const segment: Segment = {
      seq,
      independent,
      path,
      uri: uriOf(path, this.playlistPath, hlsEntryPrefix),
      bytes: locked?.bytes ?? bytes,
      size: bytes.length,
      duration,
      discontinuity,
      // Each server of a cluster would tell another time.
      date: this.#isShared ? undefined : this.#dates.of(start, duration * 1000, this.clock.wall(), this.clock.now()),
      key: locked && { uri: locked.key.uri, iv: locked.iv },
      secret: locked?.key,
      discontinuitiesBefore: this.#discontinuities,
      keptUntil: undefined,
    };
    if (discontinuity) this.#discontinuities++;
    this.#window.add(segment);
    if (segment.secret !== undefined) this.listener.file(segment.secret.path, 'key', segment.secret.bytes);
    this.listener.file(path, 'segment', segment.bytes);
    this.#trim();
    this.#written = undefined;
    this.listener.listed(segment);
  }

  #trim(): void {
    const { hlsWindow, hlsMemory } = this.settings().hls;
    this.#forget(this.#window.trim(hlsWindow, this.#target ?? 0, this.clock.now()));
    const early = this.#window.shrink(hlsMemory * (1 - 1 / PIECE_SHARE));
    if (early.some(({ keptUntil }) => keptUntil === undefined)) this.listener.memoryFull();
    this.#forget(early);
  }

  #forget(segments: readonly Segment[]): void {
    for (const { path, secret } of segments) {
      this.listener.file(path, 'segment', undefined);
      if (secret !== undefined && this.kept.every((other) => other.secret !== secret))
        this.listener.file(secret.path, 'key', undefined);
    }
  }
}
