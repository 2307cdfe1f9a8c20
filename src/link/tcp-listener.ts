import { createServer, type Server, type Socket } from 'node:net';
import { type Address, printAddress } from '../core/index.js';
import { errnoOf, reasonOf, type Service, SystemError } from '../kernel/index.js';

const BACKLOG = 4096;

/** One listening TCP socket. Knows nothing of what is spoken on it. */
export class TcpListener implements Service {
  #server: Server | undefined;

  constructor(
    readonly address: Address,
    private readonly accepted: (socket: Socket) => void,
  ) {}

  /** @throws {SystemError} LISTEN with the address and the reason in words. */
  async start(): Promise<void> {
    const server = createServer({ noDelay: true }, this.accepted);
    const { host, port } = this.address;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) =>
        reject(
          new SystemError('LISTEN', `cannot listen on ${printAddress(this.address)}: ${why(cause)}`, {}, { cause }),
        ),
      );
      server.listen({ host, port, backlog: BACKLOG, ipv6Only: host.includes(':') }, resolve);
    });
    server.removeAllListeners('error');
    server.on('error', () => undefined); // a failed accept (out of files) is the kernel's to repeat
    this.#server = server;
  }

  /** The port that was bound, for `listen 0`. */
  get port(): number {
    const bound = this.#server?.address();
    return typeof bound === 'object' && bound !== null ? bound.port : this.address.port;
  }

  /** Accepts no more; established connections are not touched. */
  async stop(): Promise<void> {
    this.#server?.close();
    this.#server = undefined;
  }
}

function why(cause: unknown): string {
  const hint = errnoOf(cause) === 'EACCES' ? ' (ports below 1024 need privileges)' : '';
  return reasonOf(cause) + hint;
}
