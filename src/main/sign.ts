import { findVhost, loadConfig } from '../config/index.js';
import { ConfigError, systemClock } from '../kernel/index.js';
import { parseRtmpUrl } from '../protocol/rtmp/index.js';
import { type SignedUse, signedQuery } from '../stream/index.js';

export interface SignOptions {
  readonly secret?: string;
  /** Configuration file in which the vhost of the URL has its secret. */
  readonly config?: string;
  readonly vhost?: string;
  /** Seconds from now. */
  readonly expire: string;
  readonly for?: string;
}

const USES: readonly string[] = ['publish', 'play'];
const DEFAULT_VHOST = '__defaultVhost__';

/** `srs sign URL`: prints the URL with its signature. @returns the exit code. @throws {SrsError} */
export function sign(url: string, options: SignOptions, now = systemClock.wall()): number {
  console.log(signUrl(url, options, now));
  return 0;
}

/** @param now ms since 1970. @throws {SrsError} when the URL or an option cannot be used. */
export function signUrl(given: string, options: SignOptions, now: number): string {
  const url = withoutSignature(given);
  // HTTP players name the format after the stream; the signature is the same for all formats.
  const { app, stream, param, ...names } = parseRtmpUrl(url.replace(/^(https?|wss?):/, 'rtmp:').replace(FORMAT, ''));
  const seconds = Number(options.expire);
  if (!Number.isInteger(seconds) || seconds <= 0) throw wrong(`--expire is a number of seconds, not ${options.expire}`);
  if (options.for !== undefined && !USES.includes(options.for)) throw wrong('--for is publish or play');
  const { vhost, secret } = secretOf(names, options);
  const expire = Math.floor(now / 1000) + seconds;
  const use = (options.for ?? 'any') as SignedUse;
  return `${url}${param === '' ? '?' : '&'}${signedQuery(secret, { vhost, app, stream, use, expire })}`;
}

/** A link is renewed by signing it again. */
function withoutSignature(url: string): string {
  const at = url.indexOf('?');
  if (at < 0) return url;
  const kept = url
    .slice(at + 1)
    .split('&')
    .filter((pair) => !/^(?:expire|sign)=/.test(pair));
  return url.slice(0, at) + (kept.length === 0 ? '' : `?${kept.join('&')}`);
}

const FORMAT = /\.(?:flv|m3u8|ts)(?=\?|$)/;

function secretOf(names: { host: string; vhost: string }, options: SignOptions): { vhost: string; secret: string } {
  const asked = options.vhost ?? names.vhost;
  if (options.secret !== undefined && options.secret !== '') {
    const named = options.vhost !== undefined || names.vhost !== names.host;
    return { vhost: named ? asked : DEFAULT_VHOST, secret: options.secret };
  }
  if (options.config === undefined) throw wrong('give the secret: --secret SECRET, or -c FILE');
  const vhost = findVhost(loadConfig(options.config).config, asked);
  if (vhost === undefined) throw wrong(`${options.config} has no vhost that serves ${asked}`);
  if (vhost.sign.secret === '') throw wrong(`vhost ${vhost.name} of ${options.config} has no sign { secret … }`);
  return { vhost: vhost.name, secret: vhost.sign.secret };
}

const wrong = (message: string): ConfigError => new ConfigError('CONFIG_INVALID', message);
