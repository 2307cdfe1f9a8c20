import { isDestination } from '../../config/index.js';
import { ms } from '../../core/index.js';
import { Backoff, type Clock, type Log, messageOf, type Timer } from '../../kernel/index.js';

const RETRY = { first: ms(1000), cap: ms(30_000) } as const;
/** More than that is no list of destinations but a mistake. */
const MAX_DESTINATIONS = 64;

/** What the question for destinations needs from the stream that it is about. */
export interface BackendEnvironment {
  readonly clock: Clock;
  readonly log: Log;
  /** Asks the web service where the stream shall go. @throws {Error} when no answer came that can be understood. */
  ask(url: string, signal: AbortSignal): Promise<readonly string[]>;
  /** There is another answer. */
  changed(): void;
}

/**
 * Destinations of one stream that a web service chooses (`forward { backend }`). Until it has answered, and when it
 * fails, the last answer counts, at first none; it is asked again, and the stream never waits for it.
 */
export class BackendDestinations {
  readonly #backoff = new Backoff(RETRY);
  #url = '';
  #answer: readonly string[] = [];
  #question: AbortController | undefined;
  #retry: Timer | undefined;

  constructor(private readonly env: BackendEnvironment) {}

  /** As the service wrote them. */
  get written(): readonly string[] {
    return this.#answer;
  }

  /** A publish began. @param url '' for none. */
  published(url: string): void {
    this.stop();
    if (url === '') this.#answer = [];
    this.#url = url;
    if (url !== '') void this.#ask();
  }

  /** The configuration may name another service. */
  reconfigure(url: string): void {
    if (url !== this.#url) this.published(url);
  }

  async #ask(): Promise<void> {
    const question = new AbortController();
    this.#question = question;
    try {
      const answer = await this.env.ask(this.#url, question.signal);
      if (this.#question !== question) return;
      this.#backoff.reset();
      this.#answer = this.#usable(answer);
      this.env.log.info({ destinations: this.#answer.length }, 'forward backend answered');
      this.env.changed();
    } catch (error) {
      if (this.#question !== question) return;
      const pause = this.#backoff.next();
      const why = messageOf(error);
      this.env.log.warn({ why, retryMs: pause }, 'forward backend failed, it will be asked again');
      this.#retry = this.env.clock.after(pause, () => void this.#ask());
    }
  }

  #usable(answer: readonly string[]): readonly string[] {
    const usable = answer.filter(isDestination).slice(0, MAX_DESTINATIONS);
    const ignored = answer.length - usable.length;
    if (ignored > 0) this.env.log.warn({ ignored }, 'forward backend: not every destination can be used');
    return usable;
  }

  /** The publisher left: nobody needs an answer now. */
  stop(): void {
    this.#question?.abort();
    this.#question = undefined;
    this.#retry?.cancel();
    this.#backoff.reset();
  }
}
