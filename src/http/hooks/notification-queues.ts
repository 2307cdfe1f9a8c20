import { type Ms, ms } from '../../core/index.js';
import { type Clock, type Log, messageOf } from '../../kernel/index.js';
import type { HookMeter } from './hook-meter.js';

/** One thing to tell one URL. */
export interface Notification {
  /** For the log. */
  readonly what: { readonly hook: string; readonly url: string };
  /** @throws {Error} when it has to be tried again. */
  deliver(signal: AbortSignal): Promise<void>;
}

/** 0.5, 1, 2, 4, 8 s between six attempts. */
const ATTEMPTS = 6;
const FIRST_PAUSE = 500;
const MAX_PER_CLIENT = 64;
const MAX_TOGETHER = 10_000;

/**
 * What is still to be told, by client: in order, one at a time, tried again after a failure. Nobody waits for it. When
 * too much piles up the newest is dropped, with a line in the log.
 */
export class NotificationQueues {
  readonly #queues = new Map<string, Notification[]>();
  readonly #idle = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  #together = 0;

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly told: HookMeter['told'],
  ) {}

  /** How many are still to be told. */
  get waiting(): number {
    return this.#together;
  }

  add(client: string, notification: Notification): void {
    const queue = this.#queues.get(client) ?? [];
    if (queue.length >= MAX_PER_CLIENT || this.#together >= MAX_TOGETHER || this.#stop.signal.aborted) {
      this.told(notification.what.hook, 'dropped');
      return this.log.warn({ conn: client, ...notification.what }, 'hook notification dropped: too many are waiting');
    }
    queue.push(notification);
    this.#together++;
    if (this.#queues.has(client)) return;
    this.#queues.set(client, queue);
    this.#idle.set(client, this.#run(client, queue));
  }

  /** Resolves when everything was told about the client, or after `limit` ms. */
  async settled(client: string, limit: Ms): Promise<void> {
    const idle = this.#idle.get(client);
    if (idle !== undefined) await this.#within(limit, idle);
  }

  /** Waits for what is under way, at most `limit` ms, then gives up. */
  async close(limit: Ms): Promise<void> {
    await this.#within(limit, Promise.all(this.#idle.values()));
    if (this.#together > 0)
      this.log.warn({ notifications: this.#together }, 'hook notifications are lost: their server does not answer');
    this.#stop.abort();
    await Promise.all(this.#idle.values());
  }

  async #run(client: string, queue: Notification[]): Promise<void> {
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      await this.#deliver(client, first);
      queue.shift();
      this.#together--;
    }
    this.#queues.delete(client);
    this.#idle.delete(client);
  }

  async #deliver(client: string, notification: Notification): Promise<void> {
    for (let attempt = 1; !this.#stop.signal.aborted; attempt++) {
      try {
        await notification.deliver(this.#stop.signal);
        return this.told(notification.what.hook, 'told');
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const why = messageOf(error);
        const fields = { conn: client, ...notification.what, attempt, why };
        const last = attempt === ATTEMPTS;
        this.told(notification.what.hook, last ? 'lost' : 'failed');
        if (last) return this.log.warn(fields, 'hook notification failed for good');
        this.log.info(fields, 'hook notification failed, it will be tried again');
        await this.#pause(ms(FIRST_PAUSE * 2 ** (attempt - 1)));
      }
    }
  }

  #pause(delay: Ms): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#stop.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.clock.after(delay, done);
      this.#stop.signal.addEventListener('abort', done);
    });
  }

  async #within(limit: Ms, work: Promise<unknown>): Promise<void> {
    let timer = { cancel: () => {} };
    const late = new Promise<void>((resolve) => {
      timer = this.clock.after(limit, resolve);
    });
    await Promise.race([work, late]);
    timer.cancel();
  }
}
