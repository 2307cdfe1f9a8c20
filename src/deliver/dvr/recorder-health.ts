import { ms } from '../../core/index.js';
import { Backoff, type Clock, type Log } from '../../kernel/index.js';

const RETRY = { first: ms(5000), cap: ms(60_000) };

/** Whether a stream can be recorded: after a failure it rests for a while, longer each time. One line for all in a row. */
export class RecorderHealth {
  readonly #backoff = new Backoff(RETRY);
  #retryAt: number | undefined;
  #failures = 0;
  #lastError = '';

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** The last file could not be written, and none since. */
  get isFailing(): boolean {
    return this.#retryAt !== undefined;
  }

  get isResting(): boolean {
    return this.#retryAt !== undefined && this.clock.now() < this.#retryAt;
  }

  get failures(): number {
    return this.#failures;
  }

  get lastError(): string {
    return this.#lastError;
  }

  /** @param file that failed, if it had come so far. */
  failed(why: string, file?: string): void {
    if (!this.isFailing) this.log.error({ file, why }, 'recording failed: the stream goes on; trying again');
    this.#retryAt = this.clock.now() + this.#backoff.next();
    this.#failures++;
    this.#lastError = why;
  }

  /** A file that was begun after the failure is well. */
  recovered(): void {
    if (!this.isFailing) return;
    this.#retryAt = undefined;
    this.#backoff.reset();
    this.log.info('recorded again');
  }

  /** Something changed that may help: no more rest. */
  retry(): void {
    if (this.isFailing) this.#retryAt = 0;
  }
}
