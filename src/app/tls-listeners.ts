import type { Socket } from 'node:net';
import type { Config } from '../config/index.js';
import { type Clock, type Log, SystemError } from '../kernel/index.js';
import { type Certificate, readCertificate, TlsAcceptor } from '../link/index.js';
import { Listeners } from './listeners.js';
import type { Prepared, Reloadable } from './reload.js';

/** What `https { … }` and `rtmps { … }` say. */
type TlsSettings = Config['rtmps'];

/** The listeners of one block with TLS, and its certificate, which a reload reads anew. */
export class TlsListeners implements Reloadable {
  readonly readsFiles = true;
  readonly #listeners: Listeners;
  readonly #acceptor: TlsAcceptor;

  /**
   * @param name of the block, for messages. @param wanted its settings, or undefined where it is not served.
   * @param admit a raw connection: it calls back if that may go on. @param accepted what came out of the handshake.
   */
  constructor(
    private readonly name: string,
    protocols: readonly string[],
    private readonly wanted: (config: Config) => TlsSettings | undefined,
    admit: (socket: Socket, next: (socket: Socket) => void) => void,
    accepted: (socket: Socket) => void,
    private readonly log: Log,
    private readonly clock: Clock,
  ) {
    this.#acceptor = new TlsAcceptor(protocols, accepted, ({ code }, peer) => {
      // Who only looks whether the port is open, as health checks do, has done nothing wrong.
      if (code !== 'ECONNRESET') log.info({ listener: name, peer, code }, 'TLS handshake failed');
    });
    this.#listeners = new Listeners(
      (config) => wanted(config)?.listen ?? [],
      (socket) => admit(socket, (admitted) => this.#acceptor.accept(admitted)),
    );
  }

  get addresses(): string[] {
    return this.#listeners.addresses;
  }

  /** @throws {SystemError} TLS_CERTIFICATE, LISTEN */
  async open(config: Config): Promise<void> {
    const certificate = await this.#read(config);
    this.#acceptor.use(certificate);
    if (certificate !== undefined) this.#report(certificate, 'TLS certificate');
    await this.#listeners.open(config);
  }

  close(): Promise<void> {
    return this.#listeners.close();
  }

  async reload(before: Config, after: Config): Promise<Prepared> {
    const former = this.#acceptor.certificate;
    const certificate = await this.#read(after);
    this.#acceptor.use(certificate ?? former);
    const undoCertificate = () => this.#acceptor.use(former);
    let listeners: Prepared;
    try {
      listeners = await this.#listeners.reload(before, after);
    } catch (error) {
      undoCertificate();
      throw error;
    }
    return {
      undo: async () => {
        await listeners.undo();
        undoCertificate();
      },
      commit: async () => {
        await listeners.commit?.();
        this.#acceptor.use(certificate);
        if (certificate !== undefined && certificate.fingerprint !== former?.fingerprint)
          this.#report(certificate, 'new TLS certificate; connections that are established keep theirs');
      },
    };
  }

  async #read(config: Config): Promise<Certificate | undefined> {
    const settings = this.wanted(config);
    if (settings === undefined) return undefined;
    try {
      return await readCertificate(settings);
    } catch (cause) {
      if (!(cause instanceof SystemError)) throw cause;
      throw new SystemError(cause.code, `${this.name}: ${cause.message}`, {}, { cause });
    }
  }

  #report({ subject, validTo }: Certificate, what: string): void {
    const fields = { listener: this.name, subject, validTo: validTo.toISOString() };
    if (validTo.getTime() < this.clock.wall()) this.log.warn(fields, `${what}: it has expired, clients will refuse it`);
    else this.log.info(fields, what);
  }
}
