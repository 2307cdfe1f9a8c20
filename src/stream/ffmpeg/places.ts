import { type Config, findVhost, maskUrl } from '../../config/index.js';
import { isLoopback, ProtocolError } from '../../kernel/index.js';
import { parseRtmpUrl, parseTcUrl, resolveStream } from '../../protocol/rtmp/index.js';
import { withPass } from '../access/index.js';
import { type StreamName, streamKey } from '../stream-name.js';
import type { Place } from './ffmpeg-args.js';

/** Who may read or write at a place of this server: gives the word that lets it in. */
export type IssuePass = (use: 'publish' | 'play', streamKey: string) => string;

/**
 * A stream of this server as the input of ffmpeg. App and name are given as options: ffmpeg has its own ideas of where
 * in a URL they end, and of names such as `x.flv`.
 * @param port of 127.0.0.1, where passes count.
 */
export function inputPlace(name: StreamName, config: Config, port: number, issue: IssuePass): Place {
  const { vhost, app, stream } = name;
  const tcUrl = `rtmp://127.0.0.1:${config.listen[0]?.port ?? port}/${app}?vhost=${vhost}`;
  const back = resolveStream(parseTcUrl(tcUrl), stream);
  // A hook may have named the stream; not every name can be asked for.
  if (back.stream !== stream || back.app !== app || back.vhost !== vhost)
    throw new ProtocolError('NAME_INVALID', 'the stream cannot be named in a URL, so it is not transcoded');
  return own(`rtmp://127.0.0.1:${port}/${app}?vhost=${vhost}/${stream}`, tcUrl, stream, issue('play', streamKey(name)));
}

function own(url: string, tcUrl: string, stream: string, pass: string): Place {
  const admitted = withPass(tcUrl, pass);
  const app = admitted.slice(admitted.indexOf('/', 'rtmp://'.length) + 1);
  const names = ['-rtmp_tcurl', admitted, '-rtmp_app', app, '-rtmp_playpath', stream];
  return { options: ['-protocol_whitelist', 'rtmp,tcp', ...names], url };
}

/** Where an output leads. */
export interface OutputPlace {
  readonly place: Place;
  /** The stream that it is, or would be if its host is a name of this server. */
  readonly streamKey: string | undefined;
  /** It is a stream of this server, published with a pass. */
  readonly isOwn: boolean;
  /** Parts of it that no log shows. */
  readonly secrets: readonly string[];
  /** As it may be shown. */
  readonly shown: string;
}

/**
 * @param filled the output of an engine, its variables filled in.
 * @param port of 127.0.0.1, where passes count.
 * @throws {ProtocolError} RTMP_URL, NAME_INVALID when it is an RTMP URL that names no stream.
 */
export function outputPlace(filled: string, config: Config, port: number, issue: IssuePass): OutputPlace {
  const secrets = secretsIn(filled);
  if (!/^rtmps?:\/\//i.test(filled))
    return { place: { options: [], url: filled }, streamKey: undefined, isOwn: false, secrets, shown: maskUrl(filled) };
  const url = parseRtmpUrl(filled);
  const { key, isOwn } = rtmpPlace(filled, config);
  if (!isOwn) {
    // A platform takes its stream key as the name.
    secrets.unshift(`/${url.stream}${url.param}`);
    const whitelist = url.scheme === 'rtmps' ? 'rtmps,tls,tcp' : 'rtmp,tcp';
    const place = { options: ['-protocol_whitelist', whitelist], url: filled };
    return { place, streamKey: key, isOwn, secrets, shown: maskUrl(filled) };
  }
  const shownUrl = `rtmp://127.0.0.1:${port}/${key}`;
  const place = own(shownUrl, url.tcUrl, `${url.stream}${url.param}`, issue('publish', key));
  return { place, streamKey: key, isOwn, secrets, shown: key };
}

/** What an RTMP URL names. @returns the stream, were its host a name of this server, and whether it is this server. */
export function rtmpPlace(text: string, config: Config): { readonly key: string; readonly isOwn: boolean } {
  const url = parseRtmpUrl(text);
  const isHere = url.host === 'localhost' || isLoopback(url.host);
  const isOwn = url.scheme === 'rtmp' && isHere && config.listen.some((one) => one.port === url.port);
  // What another server makes of the name is its own affair; here a query does not belong to it.
  const named = isOwn ? resolveStream(parseTcUrl(url.tcUrl), `${url.stream}${url.param}`) : url;
  const vhost = findVhost(config, named.vhost)?.name ?? named.vhost;
  return { key: streamKey({ vhost, app: named.app, stream: named.stream }), isOwn };
}

/** User, password and queries of a URL: the app may have one, and the stream. */
export const secretsIn = (url: string): string[] => {
  const found = [/\?.+$/.exec(url)?.[0], /\?[^?]+$/.exec(url)?.[0], /:\/\/([^/?#]+)@/.exec(url)?.[1]];
  return [...new Set(found.filter((text) => text !== undefined))];
};
