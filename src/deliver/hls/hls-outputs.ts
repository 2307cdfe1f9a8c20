import { type Config, findVhost, type VhostConfig } from '../../config/index.js';
import { secondsToMs } from '../../core/index.js';
import type { Clock, Log, Timer } from '../../kernel/index.js';
import type { LiveStream, StreamHub, StreamName } from '../../stream/index.js';
import { HlsStream, type SegmentInfo } from './hls-stream.js';

/** A file of a live stream, from memory. */
type HlsFile = { readonly stream: StreamName } & (
  | { readonly kind: 'playlist'; text(query: string): string | undefined }
  | { readonly kind: 'segment'; readonly bytes: Buffer }
);

/** Told of every complete segment; wired in app/. */
export interface HlsEvents {
  completed(streamKey: string, segment: SegmentInfo): void;
}

interface Output {
  readonly stream: LiveStream;
  readonly hls: HlsStream;
  forget: Timer | undefined;
}

/** HLS of all streams whose vhost asks for it. */
export class HlsOutputs {
  readonly #outputs = new Map<string, Output>();
  /** `VHOST PATH` → file. */
  readonly #files = new Map<string, HlsFile>();
  readonly #unobserve: () => void;

  constructor(
    hub: StreamHub,
    private readonly config: () => Config,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly events: HlsEvents,
  ) {
    this.#unobserve = hub.observe({
      published: (stream) => this.#published(stream),
      unpublished: (stream) => this.#outputs.get(stream.key)?.hls.segmenter.finish(),
      ended: (stream) => this.#ended(stream),
    });
  }

  /** @param path decoded, from the root of the HTTP server. */
  find(vhost: string, path: string): HlsFile | undefined {
    return this.#files.get(`${vhost} ${path}`);
  }

  #vhost(stream: LiveStream): VhostConfig | undefined {
    return findVhost(this.config(), stream.name.vhost);
  }

  #published(stream: LiveStream): void {
    const vhost = this.#vhost(stream);
    const known = this.#outputs.get(stream.key);
    if (vhost?.hls.enabled !== true) return known && this.#drop(known);
    known?.forget?.cancel();
    known?.hls.segmenter.finish();
    const output = known !== undefined && known.stream === stream ? known : this.#attach(stream, vhost, known);
    // Again, too: a stream that ended lost it, and may be the same one still for a viewer that waited.
    stream.addConsumer(output.hls.segmenter);
    output.hls.resume();
  }

  #attach(stream: LiveStream, vhost: VhostConfig, former: Output | undefined): Output {
    let last = vhost.hls;
    const settings = () => (last = this.#vhost(stream)?.hls ?? last);
    const name = vhost.name;
    const hls =
      former?.hls ??
      new HlsStream(
        stream.name,
        settings,
        this.clock,
        (path, bytes) => {
          if (bytes === undefined) this.#files.delete(`${name} ${path}`);
          else this.#files.set(`${name} ${path}`, { kind: 'segment', stream: stream.name, bytes });
        },
        (segment) => this.events.completed(stream.key, segment),
        (codec, why) => this.log.warn({ stream: stream.key, codec, why }, 'track left out of HLS'),
      );
    const output: Output = { stream, hls, forget: undefined };
    this.#outputs.set(stream.key, output);
    this.#files.set(`${name} ${hls.playlistPath}`, {
      kind: 'playlist',
      stream: stream.name,
      text: (query) => hls.playlist(query),
    });
    this.log.info({ stream: stream.key, playlist: hls.playlistPath }, 'HLS started');
    return output;
  }

  /** The publisher did not come back: players hear the end, and later everything is forgotten (`hls_dispose`). */
  #ended(stream: LiveStream): void {
    const output = this.#outputs.get(stream.key);
    if (output === undefined) return;
    output.hls.end();
    stream.removeConsumer(output.hls.segmenter);
    const dispose = this.#vhost(stream)?.hls.hlsDispose;
    if (dispose !== undefined && dispose > 0)
      output.forget = this.clock.after(secondsToMs(dispose), () => this.#drop(output));
  }

  #drop(output: Output): void {
    const { stream, hls } = output;
    output.forget?.cancel();
    stream.removeConsumer(hls.segmenter);
    hls.dispose();
    this.#files.delete(`${stream.name.vhost} ${hls.playlistPath}`);
    this.#outputs.delete(stream.key);
    this.log.info({ stream: stream.key, forcedCuts: hls.segmenter.forcedCuts }, 'HLS ended');
  }

  /** The configuration changed: streams that are live get or lose their HLS. */
  reconfigure(live: Iterable<LiveStream>): void {
    for (const stream of live) {
      const wanted = this.#vhost(stream)?.hls.enabled === true;
      const output = this.#outputs.get(stream.key);
      if (output !== undefined && !wanted) this.#drop(output);
      else if (output === undefined && wanted && stream.publication !== undefined) this.#published(stream);
    }
  }

  close(): void {
    this.#unobserve();
    for (const output of [...this.#outputs.values()]) this.#drop(output);
  }
}
