import type { SegmentInfo } from '../deliver/index.js';
import type { HookGate } from '../http/index.js';
import type { ClientRegistry, StreamFacts, StreamHub } from '../stream/index.js';

/** Tells the hooks of every complete HLS segment, in the name of the publisher that sent it. */
export class SegmentHooks {
  /** Who published last, by stream: the last segment is complete when he has gone. */
  readonly #publishers = new Map<string, StreamFacts>();

  constructor(
    private readonly hub: StreamHub,
    private readonly clients: ClientRegistry,
    private readonly hooks: HookGate,
  ) {
    hub.observe({ ended: ({ key }) => void this.#publishers.delete(key) });
  }

  completed(streamKey: string, { path, playlist, file, playlistFile, duration, seq }: SegmentInfo): void {
    const publisher = this.#publisherOf(streamKey);
    if (publisher === undefined) return;
    const more = {
      duration,
      cwd: process.cwd(),
      file,
      url: path.slice(1),
      m3u8: playlistFile,
      m3u8_url: playlist.slice(1),
      seq_no: seq,
    };
    this.hooks.segment(publisher, more);
    this.hooks.hlsNotify(publisher, path.slice(1));
  }

  #publisherOf(streamKey: string): StreamFacts | undefined {
    const stream = this.hub.get(streamKey);
    const client = this.clients.get(stream?.publication?.owner.id ?? '');
    if (stream !== undefined && client !== undefined)
      this.#publishers.set(streamKey, { ...client.facts, ...stream.name });
    return this.#publishers.get(streamKey);
  }
}
