/** A live stream, as `console/streams.json` lists it. */
export interface Stream {
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  /** When it went live: ISO 8601, or milliseconds since 1970. */
  readonly since: string | number;
  readonly viewers: number;
  readonly video?: { readonly codec: string; readonly width?: number; readonly height?: number };
  readonly audio?: { readonly codec: string };
  /** Missing without HLS. */
  readonly hls?: { readonly leftOut: ReadonlyArray<{ readonly codec: string; readonly reason: string }> };
}

/** The same for the same stream over time, and for no other: no name holds a control character. */
export const keyOf = ({ vhost, app, stream }: Stream): string => [vhost, app, stream].join('\n');
