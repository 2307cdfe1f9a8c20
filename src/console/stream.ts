/** `console/streams.json` */
export interface LiveStreams {
  /** Where encoders connect; null: nowhere. */
  readonly rtmpPort: number | null;
  readonly streams: readonly Stream[];
}

/** A live stream. Paths are those of the server, not escaped. */
export interface Stream {
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  /** When it went live: ISO 8601, or milliseconds since 1970. */
  readonly since: string | number;
  readonly viewers: number;
  readonly video?: { readonly codec: string; readonly width?: number; readonly height?: number };
  readonly audio?: { readonly codec: string };
  /** Of HTTP-FLV and WS-FLV; null without them. */
  readonly flv: string | null;
  /** Missing without HLS. */
  readonly hls?: {
    readonly playlist: string;
    readonly leftOut: ReadonlyArray<{ readonly codec: string; readonly reason: string }>;
  };
}

/** The same for the same stream over time, and for no other: no name holds a control character. */
export const keyOf = ({ vhost, app, stream }: Stream): string => [vhost, app, stream].join('\n');
