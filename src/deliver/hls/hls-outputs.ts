import { type Config, findVhost, type VhostConfig } from '../../config/index.js';
import { type Ms, type Seconds, secondsToMs } from '../../core/index.js';
import type { Clock, Log, Timer } from '../../kernel/index.js';
import type { LiveStream, StreamHub, StreamName } from '../../stream/index.js';
import { Arrivals, type Wait } from './arrivals.js';
import { HlsDisk } from './hls-disk.js';
import { type HlsEvents, HlsOutput, type ServedFile } from './hls-output.js';
import type { HlsSettings } from './hls-settings.js';
import type { HlsNumbers } from './hls-stream.js';
import { streamOfPath } from './names.js';

/** What can be said about HLS of a stream. */
export interface HlsState {
  /** Path from the root of the HTTP server. */
  readonly playlist: string;
  /** What of the stream cannot be in it, and why, by codec. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** A file of a live stream, from memory. */
type HlsFile = ServedFile & { readonly stream: StreamName };

interface Entry {
  /** The one that publishes or published last: a stream that is idle is forgotten before its HLS is. */
  stream: LiveStream;
  readonly output: HlsOutput;
  forget: Timer | undefined;
}

/** With `hls_dispose 0` files stay; what is also there as a file is forgotten here, as it is by default. */
const FORGOTTEN_AFTER = 120 as Seconds;
/** Ended streams that are nowhere but in memory, and that nothing forgets. */
const MOST_ENDED = { streams: 100, bytes: 128 * 2 ** 20 };

/** HLS of all streams whose vhost asks for it. */
export class HlsOutputs {
  readonly #entries = new Map<string, Entry>();
  /** `VHOST PATH` → file. */
  readonly #files = new Map<string, HlsFile>();
  readonly #arrivals: Arrivals;
  readonly #disk: HlsDisk;
  /** Those that ended and stay while there is room, oldest first. */
  readonly #ended = new Set<Entry>();
  /** Outputs that are being removed from disk. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #unobserve: () => void;

  constructor(
    hub: StreamHub,
    private readonly config: () => Config,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly events: HlsEvents,
  ) {
    this.#arrivals = new Arrivals(clock);
    this.#disk = new HlsDisk(clock, log);
    this.#unobserve = hub.observe({
      published: (stream) => this.#published(stream),
      unpublished: (stream) => this.#entries.get(stream.key)?.output.hls.segmenter.finish(),
      ended: (stream) => this.#end(stream),
    });
  }

  /** What a killed server has left on disk is removed, in the background. */
  start(): void {
    this.#disk.prepare(this.config());
  }

  /** @param path decoded, from the root of the HTTP server. */
  find(vhost: string, path: string): HlsFile | undefined {
    return this.#files.get(`${vhost} ${path}`);
  }

  /** Waits for something to play in a playlist, which need not be there yet. @param within at most so long. */
  arrival(vhost: string, path: string, within: Ms): Wait {
    return this.#arrivals.wait(`${vhost} ${path}`, within);
  }

  /** The stream whose playlist a path is, by the names that the vhost gives to playlists; it need not be there. */
  playlistOf({ name, hls }: VhostConfig, path: string): StreamName | undefined {
    return hls.enabled && hls.hlsStorage !== 'disk' ? streamOfPath(hls.hlsM3u8File, name, path) : undefined;
  }

  /** @returns undefined: the stream has none. */
  stateOf(streamKey: string): HlsState | undefined {
    const hls = this.#entries.get(streamKey)?.output.hls;
    return hls && { playlist: hls.playlistPath, leftOut: hls.segmenter.leftOut };
  }

  /** Whether a path is called as the segments of a stream that is known: one that is not there will not come again. */
  names(vhost: string, path: string): boolean {
    for (const { output } of this.#entries.values()) if (output.names(vhost, path)) return true;
    return false;
  }

  #vhost(stream: LiveStream): VhostConfig | undefined {
    return findVhost(this.config(), stream.name.vhost);
  }

  #published(stream: LiveStream): void {
    const vhost = this.#vhost(stream);
    const known = this.#entries.get(stream.key);
    if (vhost?.hls.enabled !== true) return known && this.#drop(known);
    if (known !== undefined) this.#ended.delete(known);
    known?.forget?.cancel();
    known?.output.hls.segmenter.finish();
    // Whoever plays an edge has come just now: what another one saw minutes ago is nothing to him.
    const isStale = vhost.cluster.mode === 'remote' && known?.output.hls.hasEnded === true;
    if (known !== undefined && (isStale || !known.output.isInPlace)) this.#drop(known);
    const entry = this.#entries.get(stream.key) ?? this.#attach(stream, vhost, known?.output.hls);
    entry.stream = stream;
    // Again, too: a stream that ended lost it, and may be the same one still for a viewer that waited.
    stream.addConsumer(entry.output.hls.segmenter);
    entry.output.hls.resume();
  }

  /** @param before the one that it takes the place of. */
  #attach(stream: LiveStream, vhost: VhostConfig, before?: HlsNumbers): Entry {
    let last = vhost;
    let config: Config | undefined;
    let current: HlsSettings | undefined;
    // Asked for with every frame, and another one only after a reload.
    const settings = (): HlsSettings => {
      if (current !== undefined && config === this.config()) return current;
      config = this.config();
      last = this.#vhost(stream) ?? last;
      const { hls, atc, timeJitter } = last;
      current = { hls, isAbsolute: atc || timeJitter === 'off', utc: config.utcTime };
      return current;
    };
    const env = {
      disk: this.#disk,
      clock: this.clock,
      log: this.log,
      events: this.events,
      serve: (name: string, path: string, file: ServedFile | undefined) => {
        if (file === undefined) this.#files.delete(`${name} ${path}`);
        else this.#files.set(`${name} ${path}`, { ...file, stream: stream.name });
      },
      arrived: (name: string, path: string) => this.#arrivals.tell(`${name} ${path}`),
    };
    const output = new HlsOutput(stream, vhost.name, settings, env, before);
    const entry: Entry = { stream, output, forget: undefined };
    this.#entries.set(stream.key, entry);
    return entry;
  }

  /** The publisher did not come back: players hear the end, and later everything is forgotten (`hls_dispose`). */
  #end(stream: LiveStream): void {
    const entry = this.#entries.get(stream.key);
    if (entry === undefined) return;
    entry.output.hls.end();
    stream.removeConsumer(entry.output.hls.segmenter);
    const dispose = this.#vhost(stream)?.hls.hlsDispose ?? (0 as Seconds);
    const after = dispose === 0 && entry.output.hasFiles ? FORGOTTEN_AFTER : dispose;
    if (after > 0) entry.forget = this.clock.after(secondsToMs(after), () => this.#drop(entry));
    else this.#keep(entry);
  }

  /** The oldest make way; the newest stays, whatever it holds. */
  #keep(entry: Entry): void {
    this.#ended.add(entry);
    let bytes = 0;
    for (const { output } of this.#ended) bytes += output.hls.bytes;
    for (const oldest of this.#ended) {
      if (oldest === entry || (this.#ended.size <= MOST_ENDED.streams && bytes <= MOST_ENDED.bytes)) break;
      bytes -= oldest.output.hls.bytes;
      this.#drop(oldest);
    }
  }

  #drop(entry: Entry): void {
    const { stream, output } = entry;
    entry.forget?.cancel();
    stream.removeConsumer(output.hls.segmenter);
    this.#entries.delete(stream.key);
    this.#ended.delete(entry);
    const leaving = output.dispose().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  /** The configuration changed: streams that are live get or lose their HLS, or get another one elsewhere. */
  reconfigure(live: Iterable<LiveStream>): void {
    this.#disk.prepare(this.config());
    for (const stream of live) {
      const vhost = this.#vhost(stream);
      const entry = this.#entries.get(stream.key);
      const isWanted = vhost?.hls.enabled === true;
      if (entry !== undefined && !(isWanted && entry.output.isInPlace)) {
        entry.output.hls.segmenter.finish();
        this.#drop(entry);
      }
      if (!isWanted || stream.publication === undefined || this.#entries.has(stream.key)) continue;
      const { output } = this.#attach(stream, vhost, entry?.output.hls);
      stream.addConsumer(output.hls.segmenter);
    }
  }

  /** Resolves when files are removed, or left to the operator. */
  async close(): Promise<void> {
    this.#unobserve();
    for (const entry of [...this.#entries.values()]) this.#drop(entry);
    await this.#disk.close(this.#leaving);
  }
}
