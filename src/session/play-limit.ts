import { ms } from '../core/index.js';
import type { Clock, Timer } from '../kernel/index.js';
import type { LiveStream } from '../stream/index.js';

/** A longer timer than this would fire at once. */
const MAX_TIMER = 2 ** 31 - 1;
const SHORTEST = 20;

/** The duration that a player asked for: in the stream's own time, so that waiting for a publisher does not count. */
export class PlayLimit {
  #timer: Timer | undefined;

  constructor(private readonly clock: Clock) {}

  /** @param duration ms; 0 or less is no limit. @param over called once, unless cancelled before. */
  start(stream: LiveStream, duration: number, over: () => void): void {
    if (duration <= 0) return;
    const start = stream.time;
    const check = (): void => {
      const left = duration - (stream.time - start);
      if (left <= 0) return over();
      this.#timer = this.clock.after(ms(Math.min(Math.max(left, SHORTEST), MAX_TIMER)), check);
    };
    check();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
