import type { VhostConfig } from '../config/index.js';
import type { StreamName } from '../stream/index.js';
import { findMount, mountPath } from './live-request.js';

/**
 * Where a stream is played as FLV over HTTP and WebSocket.
 * @returns a path from the root of the HTTP server, not escaped; undefined where no mount leads to the stream.
 */
export function flvPathOf({ httpRemux }: VhostConfig, { app, stream }: Omit<StreamName, 'vhost'>): string | undefined {
  if (!httpRemux.enabled) return undefined;
  return httpRemux.mount
    .map((mount) => mountPath(mount).replaceAll(/\[(app|stream)\]/g, (_, key) => (key === 'app' ? app : stream)))
    .find((path) => {
      // Read as a request for it is: a mount before may take it, and one without [app] leads to no stream.
      const found = findMount(httpRemux.mount, path);
      return found?.container === 'flv' && found.app === app && found.stream === stream;
    });
}
