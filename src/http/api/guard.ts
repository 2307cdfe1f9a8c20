import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

export interface Tokens {
  readonly readToken: string;
  readonly writeToken: string;
}

/** What a request shows of its sender. */
export interface Asker {
  readonly address: string;
  readonly host: string;
  readonly authorization: string;
}

const isSet = (token: string): boolean => token !== '-' && token !== '';
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
/** Takes as long for a wrong token as for the right one. */
const same = (given: string, token: string): boolean => isSet(token) && timingSafeEqual(digest(given), digest(token));
const isLoopback = (address: string): boolean => /^(::ffff:)?127\.|^::1$/.test(address);

/** The name in `Host` is an address or localhost: no web page can lead a browser here by a name of its own. */
function isPlainHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isIP(name) !== 0;
}

/** @returns the status of the refusal, 401 or 403; undefined: allowed. */
export function refuse(scope: 'read' | 'write', asker: Asker, tokens: Tokens): 401 | 403 | undefined {
  const given = /^Bearer (.+)$/i.exec(asker.authorization)?.[1] ?? '';
  if (same(given, tokens.writeToken)) return undefined;
  if (scope === 'write') return isSet(tokens.writeToken) ? 401 : 403;
  if (same(given, tokens.readToken)) return undefined;
  if (isSet(tokens.readToken)) return 401;
  if (isLoopback(asker.address) && isPlainHost(asker.host)) return undefined;
  return isSet(tokens.writeToken) ? 401 : 403;
}
