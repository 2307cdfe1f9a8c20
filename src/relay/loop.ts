import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { type Config, findVhost } from '../config/index.js';
import { isLoopback } from '../kernel/index.js';
import { parseRtmpUrl, parseTcUrl } from '../protocol/rtmp/index.js';
import type { StreamName } from '../stream/index.js';
import type { Destination } from './destination.js';

/**
 * Whether a destination is, by its text, the very stream that is pushed there or pulled from there. A way back over other names or servers
 * is found by the server that it leads to (RelayTrail).
 * @throws {ProtocolError} when the destination's URL cannot be used.
 */
export function leadsBack({ url, tcUrl }: Destination, name: StreamName, config: Config): boolean {
  const target = parseRtmpUrl(url);
  if (target.scheme !== 'rtmp' || target.app !== name.app || target.stream !== name.stream) return false;
  const vhost = tcUrl === undefined ? target.vhost : parseTcUrl(tcUrl).vhost;
  if (findVhost(config, vhost)?.name !== name.vhost) return false;
  return config.listen.some(({ port }) => port === target.port) && isHere(target.host);
}

function isHere(host: string): boolean {
  if (host === 'localhost' || host === hostname()) return true;
  if (isIP(host) === 0) return false;
  if (isLoopback(host) || host === '0.0.0.0' || host === '::') return true;
  return Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === host));
}
