import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { CertificatePair } from './certificate.js';

export interface TlsFront {
  readonly port: number;
  /** Names that clients asked for by SNI, in the order of their connections; '' for none. */
  readonly names: string[];
}

/** Takes TLS off and hands the rest to a port of this machine, as a platform's entrance does. Closed after the test. */
export async function startTlsFront(to: number, { key, cert }: CertificatePair): Promise<TlsFront> {
  const names: string[] = [];
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (socket) => {
    names.push(socket.servername || '');
    const inner = connect(to, '127.0.0.1');
    socket.on('error', () => inner.destroy()).on('close', () => inner.destroy());
    inner.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.pipe(inner).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, names };
}
