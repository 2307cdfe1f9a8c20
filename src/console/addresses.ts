/** The addresses of a stream: what the server says, on the host of the page. Names are escaped. */

type Page = { readonly protocol: string; readonly host: string; readonly hostname: string };
type Name = { readonly vhost: string; readonly app: string; readonly stream: string };
/** Where the server has a stream: paths from its root, not escaped. */
type Paths = { readonly vhost: string; readonly flv: string | null; readonly hls?: { readonly playlist: string } };

const PROTOCOLS = ['http-flv', 'ws-flv', 'hls'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Where clients of RTMP look when no port is named. */
const RTMP_PORT = 1935;

/** `/` parts a path; in a name it would start another part. */
const escapePath = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

const query = (vhost: string): string => (vhost === '__defaultVhost__' ? '' : `?vhost=${encodeURIComponent(vhost)}`);

const pathOf = ({ flv, hls }: Paths, protocol: Protocol): string | undefined =>
  protocol === 'hls' ? hls?.playlist : (flv ?? undefined);

/** By what a stream can be played over HTTP, fastest first. */
export const protocolsOf = (stream: Paths): readonly Protocol[] =>
  PROTOCOLS.filter((protocol) => pathOf(stream, protocol) !== undefined);

/** @returns undefined: the server does not have the stream by this protocol. */
export function playAddress(page: Page, stream: Paths, protocol: Protocol): string | undefined {
  const path = pathOf(stream, protocol);
  if (path === undefined) return undefined;
  const scheme = `${protocol === 'ws-flv' ? 'ws' : 'http'}${page.protocol === 'https:' ? 's' : ''}`;
  return `${scheme}://${page.host}${escapePath(path)}${query(stream.vhost)}`;
}

/** What OBS asks for apart: the server, and the key with the vhost behind it. */
export function pushAddress(page: Page, port: number, name: Name): { server: string; key: string; whole: string } {
  const host = port === RTMP_PORT ? page.hostname : `${page.hostname}:${port}`;
  const server = `rtmp://${host}/${escapePath(name.app)}`;
  const key = `${encodeURIComponent(name.stream)}${query(name.vhost)}`;
  return { server, key, whole: `${server}/${key}` };
}

/** One word for a POSIX shell. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
