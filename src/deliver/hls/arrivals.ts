import type { Ms } from '../../core/index.js';
import type { Clock } from '../../kernel/index.js';

/** Somebody waits. */
export interface Wait {
  /** Resolves with the news, or when none is waited for any longer. */
  readonly over: Promise<void>;
  /** He is gone. */
  stop(): void;
}

/** Those who wait for playlists. */
export class Arrivals {
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(private readonly clock: Clock) {}

  /** Waits for news of a playlist, which need not be there yet. @param within at most so long. */
  wait(place: string, within: Ms): Wait {
    let stop = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(place) ?? new Set();
      this.#waiting.set(place, waiting);
      stop = () => {
        timer.cancel();
        if (waiting.delete(stop) && waiting.size === 0) this.#waiting.delete(place);
        resolve();
      };
      const timer = this.clock.after(within, stop);
      waiting.add(stop);
    });
    return { over, stop };
  }

  /** There is news of it. */
  tell(place: string): void {
    for (const stop of [...(this.#waiting.get(place) ?? [])]) stop();
  }
}
