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
    hub: StreamHub,
    clients: ClientRegistry,
    private readonly hooks: HookGate,
  ) {
    hub.observe({
      ended: ({ key }) => void this.#publishers.delete(key),
    });
    clients.observe({
      joined: ({ facts, streamKey, type }) => {
        if (type.endsWith('publish') && streamKey !== undefined) this.#publishers.set(streamKey, facts as StreamFacts);
      },
    });
  }

  completed(streamKey: string, { path, playlist, duration, seq }: Segment): void {
    const publisher = this.#publishers.get(streamKey);
    if (publisher === undefined) return;
    const cwd = process.cwd();
    // Segments are in memory: `file` and `m3u8` are where a file server would have them.
    const more = {
      duration,
      cwd,
      file: `.${path}`,
      url: path.slice(1),
      m3u8: `.${playlist}`,
      m3u8_url: playlist.slice(1),
      seq_no: seq,
    };
    this.hooks.segment(publisher, more);
    this.hooks.hlsNotify(publisher, path.slice(1));
  }
}
