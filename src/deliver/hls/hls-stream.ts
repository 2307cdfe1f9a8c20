import { posix } from 'node:path';
import type { VhostConfig } from '../../config/index.js';
import { type Ms, ms, secondsToMs } from '../../core/index.js';
import type { Clock } from '../../kernel/index.js';
import { type PlaylistEntry, writePlaylist } from '../../protocol/m3u8/index.js';
import type { StreamName } from '../../stream/index.js';
import { type Piece, Segmenter, type SegmenterRules } from './segmenter.js';

type HlsSettings = VhostConfig['hls'];

interface Segment extends PlaylistEntry {
  /** Path below the root of the HTTP server. */
  readonly path: string;
  readonly bytes: Buffer;
  /** When it left the playlist, monotonic ms; undefined while it is listed. */
  goneSince: number | undefined;
}

/** A complete segment, for whoever is told of it. */
export interface SegmentInfo {
  /** Paths below the root of the HTTP server. */
  readonly path: string;
  readonly playlist: string;
  /** Seconds. */
  readonly duration: number;
  readonly seq: number;
}

/** Until the first segment has set the target, a group of pictures may be this long. */
const FIRST_LIMIT = 60_000;

/** The playlist of one stream and its segments, in memory. It outlives publishers, so that numbers never go back. */
export class HlsStream implements SegmenterRules {
  readonly segmenter = new Segmenter(
    this,
    (piece) => this.#add(piece),
    (codec, why) => this.complain(codec, why),
  );
  readonly playlistPath: string;
  #segments: Segment[] = [];
  /**
   * Begins at the time of day in seconds: a server that was restarted, or a stream that was forgotten, goes on with
   * higher numbers than before, so neither players nor caches see one number twice.
   */
  #next: number;
  #listed = 0;
  #discontinuities = 0;
  #target: number | undefined;
  #ended = false;

  constructor(
    private readonly name: StreamName,
    private readonly settings: () => HlsSettings,
    private readonly clock: Clock,
    private readonly changed: (path: string, segment: Buffer | undefined) => void,
    private readonly completed: (segment: SegmentInfo) => void,
    private readonly complain: (codec: string, why: string) => void,
  ) {
    this.#next = Math.floor(clock.wall() / 1000);
    this.playlistPath = posix.join('/', this.#fill(settings().hlsM3u8File, this.#next));
  }

  fragment(): Ms {
    return secondsToMs(this.settings().hlsFragment);
  }

  target(): Ms {
    return ms(this.#target === undefined ? Math.max(FIRST_LIMIT, this.fragment()) : this.#target * 1000);
  }

  get isListed(): boolean {
    return this.#segments.length > 0;
  }

  /** Undefined while there is no segment yet. @param query what every URI is followed by. */
  playlist(query: string): string | undefined {
    const entries = this.#segments.filter((segment) => segment.goneSince === undefined);
    if (entries.length === 0 || this.#target === undefined) return undefined;
    return writePlaylist(
      {
        targetDuration: this.#target,
        mediaSequence: this.#next - entries.length,
        discontinuitySequence: this.#discontinuities,
        entries,
        ended: this.#ended,
      },
      query,
    );
  }

  /** Somebody publishes (again). */
  resume(): void {
    this.#ended = false;
  }

  /** The publisher did not come back. */
  end(): void {
    this.#ended = true;
  }

  /** Forgets everything. */
  dispose(): void {
    for (const { path } of this.#segments) this.changed(path, undefined);
    this.#segments = [];
  }

  #add({ bytes, duration, discontinuity }: Piece): void {
    const { hlsFragment, hlsTdRatio, hlsTsFile } = this.settings();
    this.#target ??= Math.max(1, Math.ceil(hlsFragment * hlsTdRatio), Math.round(duration));
    const path = posix.join('/', this.#fill(hlsTsFile, this.#next));
    const relative = posix.relative(posix.dirname(this.playlistPath), path);
    // Names may hold `#`, `%`, `?`, `:` or blanks, which mean something else in a URI.
    const uri = relative.split('/').map(encodeURIComponent).join('/');
    this.#segments.push({ path, uri, bytes, duration, discontinuity, goneSince: undefined });
    this.#next++;
    this.#listed += duration;
    this.changed(path, bytes);
    this.completed({ path, playlist: this.playlistPath, duration, seq: this.#next - 1 });
    this.#trim();
  }

  /** Keeps what the window lists, and what was listed so recently that a player may still ask for it (RFC 8216 §6.2.2). */
  #trim(): void {
    const { hlsWindow } = this.settings();
    const now = this.clock.now();
    for (const segment of this.#segments) {
      if (segment.goneSince !== undefined) continue;
      if (this.#listed - segment.duration < hlsWindow) break;
      segment.goneSince = now;
      this.#listed -= segment.duration;
      if (segment.discontinuity) this.#discontinuities++;
    }
    const keep = hlsWindow * 1000;
    while (this.#segments[0]?.goneSince !== undefined) {
      const [oldest] = this.#segments as [Segment];
      if (now - (oldest.goneSince ?? now) < keep + oldest.duration * 1000) break;
      this.#segments.shift();
      this.changed(oldest.path, undefined);
    }
  }

  #fill(pattern: string, seq: number): string {
    const { vhost, app, stream } = this.name;
    return pattern
      .replaceAll('[seq]', `${seq}`)
      .replaceAll('[vhost]', () => vhost)
      .replaceAll('[app]', () => app)
      .replaceAll('[stream]', () => stream);
  }
}
