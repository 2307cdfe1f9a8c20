import { Agent, request } from 'undici';

type CallOptions = Omit<NonNullable<Parameters<typeof request>[1]>, 'dispatcher'>;

/** Connections to hook servers: each call has its own, as in the original. None can be stale, so no question is asked twice. */
export class HookClient {
  readonly #agent = new Agent({ pipelining: 0, connections: 256 });

  call(url: string, options: CallOptions): ReturnType<typeof request> {
    return request(url, { ...options, dispatcher: this.#agent });
  }

  /** What is under way fails. */
  destroy(): Promise<void> {
    return this.#agent.destroy();
  }
}
