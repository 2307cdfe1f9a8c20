import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Certificate } from './certificate.js';
import { peerName, peerOf, setPeer } from './peer.js';

/** As long as the handshake of RTMP may take. */
const HANDSHAKE = 5000;

/** Renegotiation lets one client make the server do the work of many handshakes; TLS 1.3 has none. */
const POLICY = { minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;

/**
 * Does the TLS handshake on connections that were accepted elsewhere. Each has 5 s for it in all, however it drips, and
 * one that fails closes alone.
 */
export class TlsAcceptor {
  readonly #server: Server;
  #certificate: Certificate | undefined;
  /** Sockets by both their ends, which is how the encrypted one is known that Node makes of each. */
  readonly #raw = new Map<string, Socket>();

  /**
   * @param protocols what ALPN offers; none: ALPN is not answered.
   * @param accepted is given the socket when the handshake is done.
   * @param failed is told of every other end of a handshake.
   */
  constructor(
    protocols: readonly string[],
    accepted: (socket: TLSSocket) => void,
    failed: (reason: NodeJS.ErrnoException, peer: string | undefined) => void,
  ) {
    const ALPN = protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] };
    this.#server = createServer({ handshakeTimeout: HANDSHAKE, ...ALPN, ...POLICY }, (socket) => {
      const raw = this.#raw.get(endsOf(socket));
      if (raw === undefined) return void socket.destroy();
      setPeer(socket, peerOf(raw));
      accepted(socket);
    });
    this.#server.on('tlsClientError', (reason, socket) => {
      const raw = this.#raw.get(endsOf(socket)) ?? socket;
      failed(reason, raw.remoteAddress && peerName(raw));
      socket.destroy();
    });
  }

  get certificate(): Certificate | undefined {
    return this.#certificate;
  }

  /** The certificate of handshakes from now on; established connections keep theirs. Undefined: no handshakes. */
  use(certificate: Certificate | undefined): void {
    this.#certificate = certificate;
    if (certificate !== undefined)
      this.#server.setSecureContext({ key: certificate.key, cert: certificate.cert, ...POLICY });
  }

  accept(socket: Socket): void {
    if (this.#certificate === undefined) return void socket.destroy();
    const ends = endsOf(socket);
    this.#raw.set(ends, socket);
    socket.once('close', () => this.#raw.delete(ends));
    this.#server.emit('connection', socket);
  }
}

const endsOf = ({ localAddress, localPort, remoteAddress, remotePort }: Socket): string =>
  [localAddress, localPort, remoteAddress, remotePort].join(' ');
