import { ProtocolError } from '../../kernel/index.js';
import { checkName } from './names.js';

export interface StreamUrl {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  /** With its `?`; empty if there is none. The stream's own wins over the app's. */
  readonly param: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { rtmp: 1935, rtmps: 443 };
const DEFAULT_PORT = 1935;
/** Everything that separates a name from parameters: Flash encoders could not always write `?`, `&` or `=`. */
const SEPARATORS = /\?|,|\.\.\.|&&|&|=/;
const EACH_SEPARATOR = new RegExp(`(${SEPARATORS.source})`);
/** The name that Flash Media Server gives to an app's only instance. */
const INSTANCE = '/_definst_';

/**
 * The tcUrl of a connect command, by the rules of version 2 and later. Its names are checked.
 * @throws {ProtocolError} RTMP_URL, NAME_INVALID
 * @see spec/rtmp.md §4
 */
export function parseTcUrl(tcUrl: string): Omit<StreamUrl, 'stream'> {
  const { scheme, host, port, path } = splitUrl(tcUrl);
  const { name, vhost, param } = splitName(path);
  const names = trimSlashes(name);
  const app = names.endsWith(INSTANCE) ? trimSlashes(names.slice(0, -INSTANCE.length)) : names;
  if (app === '') throw urlError('the tcUrl has no app');
  return { scheme, host, port, vhost: checkName('vhost', vhost ?? host), app: checkName('app', app), param };
}

/**
 * The name that a play or publish command gives, in the app of the connect command; its `?vhost=` and parameters win.
 * Of a name with several parts, `room1/cam`, only the last is the stream's: where a URL is parted differs from client to
 * client, and all of them mean the same stream. Without any name it is the last part of the app's: so ffmpeg parts `live/cam/`.
 */
export function resolveStream(base: Omit<StreamUrl, 'stream'>, streamName: string): StreamUrl {
  const { name, vhost, param } = splitName(streamName);
  const own = trimSlashes(name);
  const names = own === '' ? base.app : `${base.app}/${own}`;
  const cut = names.lastIndexOf('/');
  if (own === '' && cut < 0) throw urlError('the stream has no name');
  return {
    scheme: base.scheme,
    host: base.host,
    port: base.port,
    vhost: vhost === undefined ? base.vhost : checkName('vhost', vhost),
    app: checkName('app', names.slice(0, cut)),
    stream: checkName('stream', names.slice(cut + 1)),
    param: param === '' ? base.param : param,
  };
}

/**
 * A full URL for a client: `rtmp://host[:port]/app[/instance]/stream[?query]`, also `rtmp://host/app?query/stream`: then the
 * query belongs to the app, `appParam`.
 * The remote server's names are its own affair: stream and query stay as written.
 */
export function parseRtmpUrl(url: string): StreamUrl & { readonly tcUrl: string; readonly appParam: string } {
  const { scheme, host, port, authority, path } = splitUrl(url);
  const { app, appQuery, stream, param } = splitPath(path);
  const vhost = splitName(param).vhost ?? splitName(appQuery).vhost ?? host;
  return {
    scheme,
    host,
    port,
    vhost: checkName('vhost', vhost),
    app: checkName('app', app),
    stream: checkName('stream', stream),
    param,
    appParam: appQuery,
    tcUrl: `${scheme}://${authority}/${app}${appQuery}`,
  };
}

/**
 * A query without the parameters `vhost`, however they are written and however many there are.
 * @param param with its `?`, or empty. @returns the rest as it stood; empty if there is none.
 */
export function withoutVhost(param: string): string {
  // Separators at odd places, words at even ones; before the first one is nothing.
  const parts = clean(param).split(EACH_SEPARATOR);
  if (!parts.some(isVhost)) return param;
  let rest = '';
  for (let at = 2; at < parts.length; at += 2) {
    const [separator, word] = [parts[at - 1] as string, parts[at] as string];
    // Its value goes with it.
    if (isVhost(word)) at += 2;
    else rest += (rest === '' ? '?' : separator) + word;
  }
  return rest;
}

/** Whether the query of a player asks for every track: `?tracks=all`. */
export const wantsAllTracks = (param: string): boolean => /[?&]tracks=all(?:&|$)/.test(param);

function splitPath(path: string): { app: string; appQuery: string; stream: string; param: string } {
  const mark = path.indexOf('?');
  const names = trimSlashes(mark < 0 ? path : path.slice(0, mark));
  const query = mark < 0 ? '' : path.slice(mark);
  const slash = names.lastIndexOf('/');
  // A vhost has no slash: in `live/room?vhost=v/stream` the query belongs to the app.
  if (slash >= 0 && !/[?&]vhost=[^?&,/]*\/[^/]/.test(query))
    return { app: names.slice(0, slash), appQuery: '', stream: names.slice(slash + 1), param: query };
  // The app's query stands before the stream.
  const end = query.lastIndexOf('/');
  if (names === '' || end < 0 || end === query.length - 1) throw urlError('the URL needs an app and a stream');
  return { app: names, appQuery: query.slice(0, end), stream: query.slice(end + 1), param: '' };
}

interface Location {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** Host and port as they stood, without user and password. */
  readonly authority: string;
  readonly path: string;
}

function splitUrl(url: string): Location {
  const clean = url.replace(/[\r\n\t]/g, '');
  const start = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(clean);
  if (start === null) throw urlError('the URL has no scheme');
  const scheme = (start[1] as string).toLowerCase();
  const after = clean.slice(start[0].length);
  const slash = after.indexOf('/');
  if (slash < 0) throw urlError('the URL has no app');
  const beforePath = after.slice(0, slash).replaceAll(' ', '');
  const authority = beforePath.slice(beforePath.lastIndexOf('@') + 1);
  const parts = /^(\[[0-9A-Fa-f:.%]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(authority);
  if (parts === null) throw urlError('the URL has no valid host and port');
  const port = parts[2] === undefined ? (DEFAULT_PORTS[scheme] ?? DEFAULT_PORT) : Number(parts[2]);
  if (port < 1 || port > 65535) throw urlError('the port is out of range', { port });
  return { scheme, host: (parts[1] as string).replace(/^\[|\]$/g, ''), port, authority, path: after.slice(slash + 1) };
}

/** One text into its name, the `vhost` parameter, and everything from the first `?` on as it stood. */
function splitName(text: string): { name: string; vhost: string | undefined; param: string } {
  const whole = clean(text);
  const mark = whole.indexOf('?');
  const words = whole.split(SEPARATORS);
  const at = words.indexOf('vhost', 1);
  const vhost = at < 0 ? '' : (words[at + 1] ?? '').replaceAll('/', '');
  return {
    name: words[0] as string,
    vhost: vhost === '' ? undefined : vhost,
    param: mark < 0 ? '' : whole.slice(mark),
  };
}

const clean = (text: string): string => text.replace(/[ \r\n\t]/g, '');

/** Other servers may not care for its case. */
const isVhost = (word: string): boolean => word.toLowerCase() === 'vhost';

/** By hand: a regular expression for the end would take quadratic time on a run of slashes. */
function trimSlashes(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === '/') start++;
  while (end > start && text[end - 1] === '/') end--;
  return text.slice(start, end);
}

/** Without the text itself: a stream key or token may be in it. */
const urlError = (message: string, context: Readonly<Record<string, unknown>> = {}): ProtocolError =>
  new ProtocolError('RTMP_URL', message, context);
