import type { StreamName } from '../../stream/index.js';

/** Streams of this vhost go by the name of the destination's own host. */
const DEFAULT_VHOST = '__defaultVhost__';

/** Where one stream is pushed to. */
export interface Destination {
  /** Same destination, same text. May hold a stream key: never shown. */
  readonly url: string;
  /** For logs and statistics. */
  readonly shown: string;
  /** What the connect command says instead of `url`; undefined: that. */
  readonly tcUrl: string | undefined;
}

/**
 * A destination as the operator writes it, for one stream: `host[:port]` gets it under its own names, on the vhost of
 * the stream (rtmp.md §11).
 */
export function resolveDestination(written: string, { vhost, app, stream }: StreamName): Destination {
  const url = `rtmp://${written}/${app}/${stream}`;
  const [port = ''] = /:\d+$/.exec(written) ?? [];
  const named = vhost === DEFAULT_VHOST ? undefined : `rtmp://${vhost}${port}/${app}`;
  return { url, shown: url, tcUrl: named };
}
