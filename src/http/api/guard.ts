import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { isLoopback } from '../../kernel/index.js';
import { isForeignOrigin } from '../origin.js';

/** The keys of `http_api { … }`. */
export interface Keys {
  readonly readToken: string;
  readonly writeToken: string;
  readonly auth: { readonly enabled: boolean; readonly username: string; readonly password: string };
  readonly allowOrigin: readonly string[];
}

/** What a request shows of its sender. */
export interface Asker {
  readonly address: string;
  readonly host: string;
  readonly authorization: string;
  /** Of the web page that asks; '' when none does. */
  readonly origin: string;
}

export type Scope = 'read' | 'write';

const isSet = (token: string): boolean => token !== '-' && token !== '';
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
/** Takes as long for a wrong token as for the right one. */
const same = (given: string, token: string): boolean => timingSafeEqual(digest(given), digest(token));

/** The name in `Host` is an address or localhost: no web page can lead a browser here by a name of its own. */
function isPlainHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isIP(name) !== 0;
}

/** Whether pages of this origin may use the API. */
export const allowsOrigin = ({ allowOrigin }: Keys, origin: string): boolean =>
  allowOrigin.includes(origin) || allowOrigin.includes('*');

const isForeignPage = ({ origin, host }: Asker, keys: Keys): boolean =>
  isForeignOrigin(origin, host) && !allowsOrigin(keys, origin);

/** Browsers send a password that they know along with any page's request: only a page that is named may use it. */
const isStrangersPage = ({ origin, host }: Asker, { allowOrigin }: Keys): boolean =>
  isForeignOrigin(origin, host) && !allowOrigin.includes(origin);

function holdsPassword(authorization: string, { enabled, username, password }: Keys['auth']): boolean {
  if (!enabled || username === '' || password === '') return false;
  const given = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization)?.[1] ?? '';
  return same(Buffer.from(given, 'base64').toString('utf8'), `${username}:${password}`);
}

/** @returns the status of the refusal, 401 or 403; undefined: allowed. */
export function refuse(scope: Scope, asker: Asker, keys: Keys): 401 | 403 | undefined {
  const { readToken, writeToken, auth } = keys;
  if (scope === 'write' && isForeignPage(asker, keys)) return 403;
  const given = /^Bearer +(\S+)$/i.exec(asker.authorization)?.[1] ?? '';
  if (isSet(writeToken) && same(given, writeToken)) return undefined;
  const mayUsePassword = scope === 'read' || !isStrangersPage(asker, keys);
  if (mayUsePassword && holdsPassword(asker.authorization, auth)) return undefined;
  const mayWrite = isSet(writeToken) || auth.enabled;
  if (scope === 'write') return mayWrite ? 401 : 403;
  if (isSet(readToken) && same(given, readToken)) return undefined;
  if (isSet(readToken) || auth.enabled) return 401;
  if (isLoopback(asker.address) && isPlainHost(asker.host)) return undefined;
  return mayWrite ? 401 : 403;
}

/** `WWW-Authenticate` of a 401. */
export const challenge = ({ auth }: Keys): string =>
  auth.enabled ? 'Basic realm="srs", charset="UTF-8"' : 'Bearer realm="srs"';
