import type { Config } from '../config/index.js';
import type { Service } from '../kernel/index.js';
import type { Prepared, Reloadable } from './reload.js';

/**
 * A service whose code is loaded when the configuration first wants it, so that a server without it starts faster and
 * is smaller. Once loaded it stays.
 */
export class OnDemand<S extends Service> implements Service, Reloadable {
  #service: S | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    private readonly wanted: (config: Config) => boolean,
    private readonly config: () => Config,
    private readonly make: () => Promise<S>,
  ) {}

  /** Undefined while nothing has wanted it. */
  get current(): S | undefined {
    return this.#service;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    if (this.wanted(this.config())) await this.#load(signal);
  }

  async reload(_before: Config, after: Config): Promise<Prepared> {
    if (this.wanted(after)) await this.#load(this.#signal ?? new AbortController().signal);
    return { undo: () => undefined };
  }

  async #load(signal: AbortSignal): Promise<void> {
    if (this.#service !== undefined) return;
    const service = await this.make();
    await service.start(signal);
    this.#service = service;
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
  }
}
