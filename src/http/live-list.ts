import { findVhost } from '../config/index.js';
import type { LiveStream } from '../stream/index.js';
import { flvPathOf } from './flv-path.js';
import type { HttpEnvironment } from './ports.js';

/** A live stream as the page of the console lists it. */
interface ListedStream {
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  /** ISO 8601: since when it is live, republishes included. */
  readonly since: string;
  readonly viewers: number;
  /** Its size is left out while it is not known. */
  readonly video?: { readonly codec: string; readonly width?: number; readonly height?: number };
  readonly audio?: { readonly codec: string };
  /** Path of FLV over HTTP and WebSocket, not escaped; null where the vhost has none. */
  readonly flv: string | null;
  /** Left out without HLS. The path of the playlist is not escaped. */
  readonly hls?: {
    readonly playlist: string;
    readonly leftOut: readonly { readonly codec: string; readonly reason: string }[];
  };
}

/** `/console/streams.json` */
interface ListedStreams {
  /** Where encoders connect: the first port of `listen`. */
  readonly rtmpPort: number | null;
  readonly streams: readonly ListedStream[];
}

/** Which streams are live and since when. */
export class LiveList {
  readonly #since = new Map<LiveStream, number>();
  readonly #unobserve: () => void;

  constructor(private readonly env: Pick<HttpEnvironment, 'hub' | 'clients' | 'clock' | 'config' | 'hlsOf'>) {
    this.#unobserve = env.hub.observe({
      published: (stream) => {
        if (!this.#since.has(stream)) this.#since.set(stream, env.clock.wall());
      },
      ended: (stream) => void this.#since.delete(stream),
    });
  }

  list(): ListedStreams {
    const config = this.env.config();
    const viewers = this.#viewers();
    const streams = [...this.#since].map(([{ name, key, meter }, since]): ListedStream => {
      const vhost = findVhost(config, name.vhost);
      return {
        ...name,
        since: new Date(since).toISOString(),
        viewers: viewers.get(key) ?? 0,
        ...formatOf(meter),
        flv: (vhost && flvPathOf(vhost, name)) ?? null,
        ...this.#hlsOf(key),
      };
    });
    return { rtmpPort: config.listen[0]?.port ?? null, streams };
  }

  #hlsOf(streamKey: string): Pick<ListedStream, 'hls'> {
    const hls = this.env.hlsOf(streamKey);
    if (hls === undefined) return {};
    const leftOut = [...hls.leftOut].map(([codec, reason]) => ({ codec, reason }));
    return { hls: { playlist: hls.playlist, leftOut } };
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
