import { ms } from '../core/index.js';
import type { Clock, Timer } from '../kernel/index.js';
import type { LiveStream } from '../stream/index.js';

/** A longer timer than this would fire at once. */
const MAX_TIMER = 2 ** 31 - 1;
const SHORTEST = 20;
/** While nothing comes there is nothing to measure. */
const IDLE = 250;

/** The duration that a player asked for: in the stream's own time, so that waiting for a publisher does not count. */
export class PlayLimit {
  #timer: Timer | undefined;

  constructor(private readonly clock: Clock) {}

  /**
   * @param duration ms from the first frame that a newcomer gets; what is not above 0 is no limit.
   * @param over called once, unless cancelled before.
   */
  start(stream: LiveStream, duration: number, over: () => void): void {
    if (!(duration > 0)) return; // NaN, too
    const start = stream.startTime;
    let before: number | undefined;
    const check = (): void => {
      const { time } = stream;
      const left = duration - (time - start);
      if (left <= 0) return over();
      const wait = Math.max(left, time === before ? IDLE : SHORTEST);
      before = time;
      this.#timer = this.clock.after(ms(Math.min(wait, MAX_TIMER)), check);
    };
    check();
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
