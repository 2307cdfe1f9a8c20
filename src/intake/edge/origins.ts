import { type Config, findVhost, type VhostConfig } from '../../config/index.js';
import { withoutVhost } from '../../protocol/rtmp/index.js';
import { type Destination, resolveDestination } from '../../relay/index.js';
import type { StreamName } from '../../stream/index.js';

/** The settings of a vhost, by the name of its block, if it is an edge. */
export function edgeOf(config: Config, vhost: string): VhostConfig | undefined {
  const found = findVhost(config, vhost);
  return found?.name === vhost && found.cluster.mode === 'remote' ? found : undefined;
}

/** `vhost/app/stream` → its names: neither a vhost nor a stream has a slash. */
export function nameOf(streamKey: string): StreamName {
  const [first, last] = [streamKey.indexOf('/'), streamKey.lastIndexOf('/')];
  return {
    vhost: streamKey.slice(0, first),
    app: streamKey.slice(first + 1, last),
    stream: streamKey.slice(last + 1),
  };
}

/**
 * Where a stream of an edge is at its origins, in their order (spec/rtmp.md §9).
 * @param param query that the publisher gave, for a push: the origin may decide by it.
 */
export function upstreamsOf({ cluster }: VhostConfig, name: StreamName, param = ''): Destination[] {
  const vhost = cluster.vhost.replaceAll('[vhost]', name.vhost);
  // Which vhost of the origin it is says the edge.
  const query = withoutVhost(param);
  return cluster.origin.map((origin) => {
    const upstream = resolveDestination(origin, { ...name, vhost });
    return query === '' ? upstream : { ...upstream, url: upstream.url + query };
  });
}
