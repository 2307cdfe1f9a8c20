import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Config, findVhost, type VhostConfig } from '../config/index.js';
import { checkName, wantsAllTracks } from '../protocol/rtmp/index.js';
import type { ClientProtocol, Selection, StreamFacts } from '../stream/index.js';
import { clientAddress, clientPeer, hidesClient } from './client-address.js';
import type { Container } from './live-framing.js';

/** A request for a live stream: `/APP/STREAM.EXT?vhost=…&only=…`. */
export interface LiveRequest {
  readonly vhost: VhostConfig;
  readonly app: string;
  readonly stream: string;
  readonly container: Container;
  readonly only: Selection;
  /** Multitrack packets, too. */
  readonly allTracks: boolean;
  /** Query text with its `?`, or ''. */
  readonly param: string;
}

/** The parts of an HTTP request that say who asks for what. */
export interface Asked {
  /** Path and query as sent. */
  readonly url: string;
  readonly host: string | undefined;
}

export const askedOf = (message: IncomingMessage): Asked => ({
  url: message.url ?? '/',
  host: message.headers.host,
});

/** `GET http://HOST/PATH`, as to a proxy: its host counts, not the header's (RFC 9112 §3.2.2). */
export function readAbsoluteForm(message: IncomingMessage): void {
  const [, host, path] = /^https?:\/\/([^/?#]+)(.*)$/i.exec(message.url ?? '') ?? [];
  if (host === undefined) return;
  message.headers.host = host;
  message.url = path?.startsWith('/') ? path : `/${path ?? ''}`;
}

/** The vhost that serves a request: `?vhost=` wins over the Host header. Undefined when there is none. */
export function vhostOf(config: Config, { url, host }: Asked): VhostConfig | undefined {
  const query = queryOf(url);
  const named = query === '' ? null : new URLSearchParams(query).get('vhost');
  const name = named ?? hostName(host ?? '');
  return findVhost(config, name === '' ? '__defaultVhost__' : name);
}

/** `[::1]:8080` and `example.com:8080` without their port. */
const hostName = (host: string): string => host.replace(/:\d+$/, '');

const queryOf = (url: string): string => (url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');

/**
 * The decoded path, with several slashes in a row as one, as nginx reads them: no name has an empty part.
 * @returns undefined for one that is no UTF-8 or has a NUL.
 */
export function pathOf(url: string): string | undefined {
  const raw = url.includes('?') ? url.slice(0, url.indexOf('?')) : url;
  try {
    const path = decodeURIComponent(raw);
    return path.includes('\0') ? undefined : path.replaceAll(/\/{2,}/g, '/');
  } catch {
    return undefined;
  }
}

/**
 * Reads a request for a live stream out of the mount of its vhost.
 * @returns undefined when the path is not one of a live stream.
 * @throws {ProtocolError} NAME_INVALID for a name that cannot be one.
 */
function readLiveRequest(vhost: VhostConfig, asked: Asked): LiveRequest | undefined {
  if (!vhost.httpRemux.enabled) return undefined;
  const path = pathOf(asked.url);
  const found = path === undefined ? undefined : findMount(vhost.httpRemux.mount, path);
  if (found === undefined) return undefined;
  const { app, stream, container } = found;
  const query = queryOf(asked.url);
  const only = new URLSearchParams(query).get('only');
  return {
    vhost,
    app: checkName('app', app),
    stream: checkName('stream', stream),
    container,
    only: only === 'audio' || only === 'video' ? only : 'all',
    allTracks: wantsAllTracks(`?${query}`),
    param: query === '' ? '' : `?${query}`,
  };
}

/** The live stream that a message asks for, if it asks for one. @throws {ProtocolError} NAME_INVALID */
export function liveRequestOf(config: Config, message: IncomingMessage): LiveRequest | undefined {
  const asked = askedOf(message);
  const vhost = vhostOf(config, asked);
  return vhost === undefined ? undefined : readLiveRequest(vhost, asked);
}

/** What a path names in the first mount that it fits. @param path decoded. */
export function findMount(mounts: readonly string[], path: string) {
  for (const mount of mounts) {
    const { app = '', stream = '' } = mountPattern(mount).exec(path)?.groups ?? {};
    if (stream !== '') return { app, stream, container: mount.endsWith('.ts') ? ('ts' as const) : ('flv' as const) };
  }
  return undefined;
}

const patterns = new Map<string, RegExp>();

/** `[vhost]/[app]/[stream].flv` → `/[app]/[stream].flv`: the vhost is told by the Host header. */
export const mountPath = (mount: string): string => mount.replace(/^\/?(\[vhost\]|__defaultVhost__)?\/*/, '/');

/** `[vhost]/[app]/[stream].flv` → a pattern for paths. */
function mountPattern(mount: string): RegExp {
  let pattern = patterns.get(mount);
  if (pattern === undefined) {
    const source = mountPath(mount)
      .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('\\[app\\]', '(?<app>.+)')
      .replaceAll('\\[stream\\]', '(?<stream>[^/]+)');
    pattern = new RegExp(`^${source}$`);
    patterns.set(mount, pattern);
  }
  return pattern;
}

/** The request in the words of the gate. */
export function factsOf(
  { vhost, app, stream, param }: LiveRequest,
  protocol: ClientProtocol,
  message: IncomingMessage,
  trusted: readonly string[],
): StreamFacts {
  return { ...senderOf(message, app, trusted), protocol, vhost: vhost.name, app, stream, param };
}

/** Who sends a request, in the words of the gate. @param trusted `trusted_proxies` of the configuration. */
export const senderOf = (message: IncomingMessage, app: string, trusted: readonly string[]) => ({
  id: randomBytes(6).toString('hex'),
  ip: clientAddress(message, trusted),
  peer: clientPeer(message, trusted),
  isProxy: hidesClient(message, trusted),
  pageUrl: message.headers.referer ?? '',
  swfUrl: '',
  tcUrl: tcUrlOf(message, app),
});

/** What tcUrl is over RTMP, for hooks: where the client connected. */
const tcUrlOf = ({ socket, headers }: IncomingMessage, app: string): string =>
  `${'encrypted' in socket ? 'https' : 'http'}://${headers.host ?? ''}/${app}`;
