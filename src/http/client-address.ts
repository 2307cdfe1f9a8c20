import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { addressSetOf } from '../kernel/index.js';
import { peerName, peerOf, plainAddress } from '../link/index.js';
import type { HttpEnvironment } from './ports.js';

/** `10.0.0.1:4711` and `[::1]:4711` without their port. @returns undefined for what is no address, such as `unknown`. */
function readHop(text: string): string | undefined {
  const bare = text.trim().replace(/^\[(.*)\](:\d+)?$/, '$1');
  const address = plainAddress(isIP(bare) === 0 ? bare.replace(/:\d+$/, '') : bare);
  return isIP(address) === 0 ? undefined : address;
}

/**
 * Whose request it is. Each proxy appends the address that it was asked from, so the list in X-Forwarded-For is read
 * from its end, and only as long as trusted proxies wrote it: what stands further left anybody may have made up.
 * @param trusted `trusted_proxies` of the configuration.
 */
export function clientAddress({ socket, headers }: IncomingMessage, trusted: readonly string[]): string {
  let { address } = peerOf(socket as Socket);
  if (trusted.length === 0) return address;
  const proxies = addressSetOf(trusted);
  const hops = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  while (proxies.has(address)) {
    const hop = readHop(hops.pop() ?? '');
    if (hop === undefined) break;
    address = hop;
  }
  return address;
}

/** The client as the log names it: behind a trusted proxy nobody knows its port. */
export function clientPeer(message: IncomingMessage, trusted: readonly string[]): string {
  const address = clientAddress(message, trusted);
  const socket = message.socket as Socket;
  return address === peerOf(socket).address ? peerName(socket) : address;
}

/** A proxy stands between, whether it is trusted or not. */
const isForwarded = ({ headers }: IncomingMessage): boolean =>
  headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined || headers['x-real-ip'] !== undefined;

/** What came through a proxy is not from this machine, even if the proxy is on it and nobody says to trust it. */
export const hidesClient = (message: IncomingMessage, trusted: readonly string[]): boolean =>
  isForwarded(message) && clientAddress(message, trusted) === peerOf(message.socket as Socket).address;

/** What a client is told that has more connections than it may. */
export const TOO_MANY = 'Too Many Connections';

/**
 * Many clients share the connections of a proxy, so each request through it counts as a connection of its client.
 * @param over closes when the request is answered. @returns false when the client has too many.
 */
export function takeShare({ config, share }: HttpEnvironment, message: IncomingMessage, over: EventEmitter): boolean {
  const address = clientAddress(message, config().trustedProxies);
  if (address === peerOf(message.socket as Socket).address) return true;
  const giveBack = share(address);
  if (giveBack === undefined) return false;
  const { socket } = message;
  const ended = (): void => {
    over.off('close', ended);
    socket.off('close', ended);
    giveBack();
  };
  over.on('close', ended);
  // An answer that waits behind another one is never closed itself.
  if (over !== socket) socket.on('close', ended);
  return true;
}
