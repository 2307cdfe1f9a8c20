import { maskUrl } from '../config/index.js';
import { parseRtmpUrl } from '../protocol/rtmp/index.js';
import type { StreamName } from '../stream/index.js';

/** Streams of this vhost go by the name of the destination's own host. */
const DEFAULT_VHOST = '__defaultVhost__';

const VARIABLE = /\[(vhost|app|stream)\]/g;
/** What a name may put into a host. */
const HOST_PART = /^[\p{L}\p{N}._-]*$/u;

/** Where one stream is on another server. */
export interface Destination {
  /** Same destination, same text. May hold a stream key: never shown. */
  readonly url: string;
  /** For logs and statistics. */
  readonly shown: string;
  /** What the connect command says instead of `url`; undefined: that. */
  readonly tcUrl: string | undefined;
  /** It comes from a web service or from the HTTP API, not from the configuration. */
  readonly isDynamic: boolean;
}

/**
 * A destination as the operator writes it, for one stream: a whole URL, in which `[vhost]`, `[app]` and `[stream]` stand
 * for the names of the stream; or `host[:port]`, which gets it under its own names, on its vhost (spec/rtmp.md §11).
 * Names come from whoever publishes: in the host they stay a part of it (reliability S8).
 */
export function resolveDestination(written: string, names: StreamName, isDynamic = false): Destination {
  const fill = (text: string): string => {
    const host = /^[^:/]*:\/\/[^/]*/.exec(text)?.[0] ?? '';
    const inHost = (name: string): string => (HOST_PART.test(name) ? name : encodeURIComponent(name));
    return (
      host.replaceAll(VARIABLE, (_, name: keyof StreamName) => inHost(names[name])) +
      text.slice(host.length).replaceAll(VARIABLE, (_, name: keyof StreamName) => names[name])
    );
  };
  if (written.includes('://'))
    return { url: fill(written), shown: fill(maskUrl(written)), tcUrl: undefined, isDynamic };
  const { vhost, app, stream } = names;
  const url = `rtmp://${written}/${app}/${stream}`;
  const [port = ''] = /:\d+$/.exec(written) ?? [];
  return { url, shown: url, tcUrl: vhost === DEFAULT_VHOST ? undefined : `rtmp://${vhost}${port}/${app}`, isDynamic };
}

/** Words of a server or of the system, without the stream key and query that they may repeat. */
export function withoutKey(text: string, { url, shown }: Destination): string {
  if (url === shown) return text;
  try {
    const { stream, param } = parseRtmpUrl(url);
    const secrets = [stream + param, param.slice(1), stream].filter(
      (secret) => secret !== '' && !shown.includes(secret),
    );
    return secrets.reduce((hidden, secret) => hidden.replaceAll(secret, '***'), text);
  } catch {
    return text; // there is no stream name in it
  }
}
