/** The addresses of a stream, derived from the one of the page. Names are escaped. */

type Name = { readonly vhost: string; readonly app: string; readonly stream: string };
type Page = { readonly protocol: string; readonly host: string; readonly hostname: string };

export type Protocol = 'hls' | 'http-flv' | 'ws-flv';

/** `/` parts an app (`live/room1`), so it stays; in a stream's name it would start another part. */
const appPath = (app: string): string => app.split('/').map(encodeURIComponent).join('/');

const query = (vhost: string): string => (vhost === '__defaultVhost__' ? '' : `?vhost=${encodeURIComponent(vhost)}`);

const isSecure = (page: Page): boolean => page.protocol === 'https:';

export function playAddress(page: Page, name: Name, protocol: Protocol): string {
  const path = `${page.host}/${appPath(name.app)}/${encodeURIComponent(name.stream)}`;
  const tls = isSecure(page) ? 's' : '';
  switch (protocol) {
    case 'hls':
      return `http${tls}://${path}.m3u8${query(name.vhost)}`;
    case 'http-flv':
      return `http${tls}://${path}.flv${query(name.vhost)}`;
    case 'ws-flv':
      return `ws${tls}://${path}.flv${query(name.vhost)}`;
    default:
      return protocol satisfies never;
  }
}

/** What OBS asks for apart: the server, and the key with the vhost behind it. On RTMP's own port, 1935. */
export function pushAddress(page: Page, name: Name): { server: string; key: string; whole: string } {
  const server = `rtmp://${page.hostname}/${appPath(name.app)}`;
  const key = `${encodeURIComponent(name.stream)}${query(name.vhost)}`;
  return { server, key, whole: `${server}/${key}` };
}

/** One word for a POSIX shell. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
