import type { HookGate } from '../http/index.js';
import type { ClientRegistry, StreamFacts, StreamHub } from '../stream/index.js';

interface Segment {
  readonly path: string;
  readonly playlist: string;
  readonly duration: number;
  readonly seq: number;
}

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

  completed(streamKey: string, { path, playlist, duration, seq }: Segment): void {
    const publisher = this.#publisherOf(streamKey);
    if (publisher === undefined) return;
    // Segments are in memory: `file` and `m3u8` are where a file server would have them.
    const more = {
      duration,
      cwd: process.cwd(),
      file: `.${path}`,
      url: path.slice(1),
      m3u8: `.${playlist}`,
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
