import type { Socket } from 'node:net';
import type { Config, ListenAddress } from '../config/index.js';
import { printAddress } from '../core/index.js';
import { TcpListener } from '../link/index.js';
import { openEach } from './open-each.js';
import type { Prepared, Reloadable } from './reload.js';

/** The listening sockets of one protocol. A reload opens and closes only those that changed. */
export class Listeners implements Reloadable {
  readonly #open = new Map<string, TcpListener>();

  constructor(
    /** Where a configuration wants them. */
    private readonly wanted: (config: Config) => readonly ListenAddress[],
    private readonly accepted: (socket: Socket) => void,
  ) {}

  /** Addresses that are served, with the real port where 0 was asked for. */
  get addresses(): string[] {
    return [...this.#open.values()].map(({ address, port }) => printAddress({ host: address.host, port }));
  }

  /** @throws {SystemError} LISTEN */
  async open(config: Config): Promise<void> {
    await openEach(this.wanted(config), (address) => this.#listen(address));
  }

  async close(): Promise<void> {
    for (const key of [...this.#open.keys()]) await this.#close(key);
  }

  async reload(_before: Config, after: Config): Promise<Prepared> {
    const wanted = new Map(this.wanted(after).map((address) => [printAddress(address), address]));
    const surplus = () => [...this.#open].filter(([key]) => !wanted.has(key));
    const opened: string[] = [];
    const closed: ListenAddress[] = [];
    const undo = async (): Promise<void> => {
      for (const key of opened) await this.#close(key);
      for (const address of closed) await this.#listen(address);
    };
    try {
      for (const [key, address] of wanted) {
        if (this.#open.has(key)) continue;
        // The kernel refuses 127.0.0.1:1935 beside 0.0.0.0:1935: of one port, the old address makes way first.
        for (const [old, listener] of surplus()) {
          if (listener.address.port !== address.port) continue;
          await this.#close(old);
          closed.push(listener.address);
        }
        await this.#listen(address);
        opened.push(key);
      }
    } catch (error) {
      await undo();
      throw error;
    }
    return {
      undo,
      commit: async () => {
        for (const [key] of surplus()) await this.#close(key);
      },
    };
  }

  async #listen(address: ListenAddress): Promise<void> {
    const listener = new TcpListener(address, this.accepted);
    await listener.start();
    this.#open.set(printAddress(address), listener);
  }

  async #close(key: string): Promise<void> {
    await this.#open.get(key)?.stop();
    this.#open.delete(key);
  }
}
