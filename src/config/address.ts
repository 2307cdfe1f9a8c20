import { isIP, SocketAddress } from 'node:net';
import { type Address, printAddress } from '../core/index.js';

/** Where a listener binds; `0.0.0.0` for a bare port. */
export type ListenAddress = Address;

/**
 * Takes `ip:port` or `[ipv6]:port` apart; a bare port has no host. Neither part is checked.
 * @returns undefined when there is more than one way to read it (`::1:1935`).
 */
export function splitAddress(text: string): { host: string; port: string } | undefined {
  const bracketed = /^\[([^\]]*)\]:(.*)$/s.exec(text);
  if (bracketed) return { host: bracketed[1] ?? '', port: bracketed[2] ?? '' };
  const colon = text.indexOf(':');
  if (colon !== text.lastIndexOf(':')) return undefined;
  return colon === -1 ? { host: '', port: text } : { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

/** An address of a table: `1985` or `127.0.0.1:1985`. @throws when it is none. */
export function parseAddress(text: string): ListenAddress {
  const { host = '', port } = splitAddress(text) ?? {};
  const canonical = host === '' ? '0.0.0.0' : canonicalHost(host);
  if (canonical === undefined || !(Number(port) > 0)) throw new Error(`${text} is not an address`);
  return { host: canonical, port: Number(port) };
}

/** IPv6 has many spellings of one address; this is the one that the system prints. */
export function canonicalHost(host: string): string | undefined {
  const family = isIP(host);
  if (family === 0) return undefined;
  return family === 4 ? host : new SocketAddress({ address: host, family: 'ipv6' }).address;
}

/** Why the system would refuse the second of two listeners; undefined when both can be open. */
export function clash(first: ListenAddress, second: ListenAddress): string | undefined {
  if (first.port !== second.port || first.host.includes(':') !== second.host.includes(':')) return undefined;
  if (first.host === second.host) return `${printAddress(second)} is listed twice`;
  const isAny = ({ host }: ListenAddress) => host === '0.0.0.0' || host === '::';
  if (isAny(first)) return `${printAddress(first)} already covers ${printAddress(second)}`;
  return isAny(second) ? `${printAddress(second)} covers ${printAddress(first)}, which is listed already` : undefined;
}
