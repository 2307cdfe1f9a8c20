import type { LiveStream } from '../stream/index.js';
import type { HttpEnvironment } from './ports.js';

/** A live stream as the page of the console lists it. */
export interface ListedStream {
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  /** ISO 8601: since when it is live, republishes included. */
  readonly since: string;
  readonly viewers: number;
  /** Its size is left out while it is not known. */
  readonly video?: { readonly codec: string; readonly width?: number; readonly height?: number };
  readonly audio?: { readonly codec: string };
  /** Left out without HLS. */
  readonly hls?: { readonly leftOut: readonly { readonly codec: string; readonly reason: string }[] };
}

/** Which streams are live and since when. */
export class LiveList {
  readonly #since = new Map<LiveStream, number>();
  readonly #unobserve: () => void;

  constructor(private readonly env: Pick<HttpEnvironment, 'hub' | 'clients' | 'clock' | 'hlsLeftOut'>) {
    this.#unobserve = env.hub.observe({
      published: (stream) => {
        if (!this.#since.has(stream)) this.#since.set(stream, env.clock.wall());
      },
      ended: (stream) => void this.#since.delete(stream),
    });
  }

  list(): ListedStream[] {
    const viewers = this.#viewers();
    return [...this.#since].map(([stream, since]) => ({
      ...stream.name,
      since: new Date(since).toISOString(),
      viewers: viewers.get(stream.key) ?? 0,
      ...formatOf(stream.meter),
      ...this.#hlsOf(stream.key),
    }));
  }

  #hlsOf(streamKey: string): Pick<ListedStream, 'hls'> {
    const leftOut = this.env.hlsLeftOut(streamKey);
    return leftOut === undefined
      ? {}
      : { hls: { leftOut: [...leftOut].map(([codec, reason]) => ({ codec, reason })) } };
  }

  /** Players of each stream, whatever they speak. */
  #viewers(): ReadonlyMap<string, number> {
    const viewers = new Map<string, number>();
    for (const { streamKey, type } of this.env.clients)
      if (streamKey !== undefined && type === 'Play') viewers.set(streamKey, (viewers.get(streamKey) ?? 0) + 1);
    return viewers;
  }

  close(): void {
    this.#unobserve();
  }
}

function formatOf({ video, audio }: LiveStream['meter']): Pick<ListedStream, 'video' | 'audio'> {
  const size = video !== undefined && video.height > 0 && { width: video.width, height: video.height };
  return {
    ...(video && { video: { codec: video.codec, ...size } }),
    ...(audio && { audio: { codec: audio.codec } }),
  };
}
