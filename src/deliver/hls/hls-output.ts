import type { Clock, Log } from '../../kernel/index.js';
import type { StreamName } from '../../stream/index.js';
import { DiskMirror } from './disk-mirror.js';
import { type HlsDisk, keyDirectory, servesMemory, writesFiles } from './hls-disk.js';
import type { HlsSettings } from './hls-settings.js';
import { type HlsListener, type HlsNumbers, HlsStream } from './hls-stream.js';
import type { Segment } from './segment-window.js';

/** A complete segment, for whoever is told of it. */
export interface SegmentInfo {
  /** Paths from the root of the HTTP server. */
  readonly path: string;
  readonly playlist: string;
  /** Where the files are; relative to the working directory if `hls_path` is. Without files, where they would be. */
  readonly file: string;
  readonly playlistFile: string;
  /** Seconds. */
  readonly duration: number;
  readonly seq: number;
}

/** Told of what happens to segments and streams; wired in app/. */
export interface HlsEvents {
  /** A segment is complete: it can be had from memory, and from disk where files are written. */
  completed(streamKey: string, segment: SegmentInfo): void;
  /** Media cannot be in HLS, and the publisher shall be closed for it (`hls_on_error disconnect`). */
  failed(streamKey: string, why: string): void;
}

/** What outputs share. */
export interface HlsEnvironment {
  readonly disk: HlsDisk;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: HlsEvents;
  /** Files that are served from memory. */
  serve(vhost: string, path: string, file: ServedFile | undefined): void;
  /** There is something to play in a playlist, or there will be nothing: who waits for it is told. */
  arrived(vhost: string, path: string): void;
}

/** A playlist that is served from memory. */
export interface ServedPlaylist {
  readonly kind: 'playlist';
  /** @param query what every URI is followed by. @returns undefined while there is no segment yet. */
  text(query: string): string | undefined;
  /** The most bits that a second of it takes. */
  bandwidth(): number;
  /** There is no segment yet, and one is to come. */
  isAwaited(): boolean;
}

export type ServedFile = ServedPlaylist | { readonly kind: 'segment' | 'key'; readonly bytes: Buffer };

/** HLS of one stream, in memory and on disk as its vhost says. */
export class HlsOutput implements HlsListener {
  readonly hls: HlsStream;
  readonly #mirror: DiskMirror | undefined;
  readonly #log: Log;
  /** Names of files on disk begin so. */
  readonly #directory: string;
  readonly #placement: string;
  readonly #isInMemory: boolean;
  /** How its segments are called, numbers left out. */
  #naming: string | undefined;
  #warned = false;

  /** @param before the one that it takes the place of. */
  constructor(
    private readonly stream: { readonly name: StreamName; readonly key: string },
    private readonly vhost: string,
    private readonly settings: () => HlsSettings,
    private readonly env: HlsEnvironment,
    before?: HlsNumbers,
  ) {
    const { hls } = settings();
    this.#log = env.log.child({ stream: stream.key });
    this.#placement = placementOf(hls);
    this.#isInMemory = servesMemory(hls);
    this.#directory = writesFiles(hls) ? hls.hlsPath.replace(/\/+$/, '') : '.';
    this.hls = new HlsStream(stream.name, settings, env.clock, this, before);
    if (writesFiles(hls)) {
      const events = {
        written: (segment: Segment) => this.#written(segment),
        cleansUp: () => this.settings().hls.hlsCleanup,
      };
      const [media, keys] = [env.disk.root(hls.hlsPath), env.disk.root(keyDirectory(hls))];
      this.#mirror = new DiskMirror(this.hls, media, keys, events, env.clock, this.#log);
    }
    const { playlistPath } = this.hls;
    if (this.#isInMemory)
      env.serve(vhost, playlistPath, {
        kind: 'playlist',
        text: (query) => this.hls.playlist(query),
        bandwidth: () => this.hls.bandwidth,
        isAwaited: () => !this.hls.isBegun,
      });
    this.#log.info({ playlist: playlistPath, ...(this.#mirror && { directory: hls.hlsPath }) }, 'HLS started');
  }

  /** Whether it is where the configuration wants it; else another one has to be made. */
  get isInPlace(): boolean {
    return placementOf(this.settings().hls) === this.#placement;
  }

  /** Its files stay when it is forgotten (`hls_dispose 0`). */
  get hasFiles(): boolean {
    return this.#mirror !== undefined;
  }

  /** A path is one of its segments, or of those that are forgotten: called as they are, but for the numbers. */
  names(vhost: string, path: string): boolean {
    return vhost === this.vhost && withoutNumbers(path) === this.#naming;
  }

  file(path: string, kind: 'segment' | 'key', bytes: Buffer | undefined): void {
    if (kind === 'segment') this.#naming = withoutNumbers(path);
    if (this.#isInMemory) this.env.serve(this.vhost, path, bytes === undefined ? undefined : { kind, bytes });
  }

  #tellArrival(): void {
    if (this.hls.isBegun) this.env.arrived(this.vhost, this.hls.playlistPath);
  }

  listed(added: Segment | undefined): void {
    this.#tellArrival();
    if (this.#mirror !== undefined) this.#mirror.touch();
    else if (added !== undefined) this.#tell(added);
  }

  #written(segment: Segment): void {
    if (!this.#isInMemory) segment.bytes = undefined;
    this.#tell(segment);
  }

  #tell({ path, duration, seq }: Segment): void {
    const playlist = this.hls.playlistPath;
    const [file, playlistFile] = [path, playlist].map((p) => this.#directory + p) as [string, string];
    this.env.events.completed(this.stream.key, { path, playlist, file, playlistFile, duration, seq });
  }

  leftOut(codec: string, why: string): void {
    this.#log.warn({ codec, why }, 'left out of HLS');
    const { hlsOnError } = this.settings().hls;
    if (hlsOnError === 'ignore') this.hls.segmenter.halt();
    this.#tellArrival();
    if (hlsOnError === 'disconnect') this.env.events.failed(this.stream.key, `HLS: ${codec}: ${why}`);
  }

  memoryFull(): void {
    if (!this.#warned) this.#log.warn('hls_memory is full: segments are forgotten before their time');
    this.#warned = true;
  }

  /** Resolves when nothing of it is left, or nothing but files that are the operator's now. */
  async dispose(): Promise<void> {
    const { hls } = this.settings();
    const { forcedCuts } = this.hls.segmenter;
    const written = this.#mirror?.close(hls.hlsDispose > 0);
    this.env.serve(this.vhost, this.hls.playlistPath, undefined);
    this.env.arrived(this.vhost, this.hls.playlistPath);
    this.#log.info({ forcedCuts }, 'HLS ended');
    await written;
    this.hls.dispose();
  }
}

const withoutNumbers = (path: string): string => path.replaceAll(/\d+/g, '0');

/** What cannot change without another playlist in another place. */
const placementOf = ({ hlsPath, hlsStorage, hlsM3u8File, hlsKeyFilePath }: HlsSettings['hls']): string =>
  JSON.stringify([hlsPath, hlsStorage, hlsM3u8File, hlsKeyFilePath]);
