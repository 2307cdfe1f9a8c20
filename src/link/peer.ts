import type { Socket } from 'node:net';
import { printAddress } from '../core/index.js';
import { plainAddress } from './address.js';

/** The client at the other end of a socket, also when a proxy is between. */
export interface Peer {
  readonly address: string;
  readonly port: number;
}

const told = new WeakMap<Socket, Peer>();

/** A proxy that is trusted said who the client is. */
export const setPeer = (socket: Socket, peer: Peer): void => void told.set(socket, peer);

export const peerOf = (socket: Socket): Peer =>
  told.get(socket) ?? { address: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 };

/** As the log names it. */
export function peerName(socket: Socket): string {
  const { address, port } = peerOf(socket);
  return printAddress({ host: address, port });
}
