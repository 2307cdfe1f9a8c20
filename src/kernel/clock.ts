import type { Ms } from '../core/index.js';

export interface Timer {
  cancel(): void;
}

/** Time as the program sees it: injected, so that tests never sleep. */
export interface Clock {
  /** Monotonic milliseconds, fractional; only differences mean something. */
  now(): number;
  /** Wall clock, ms since 1970. */
  wall(): number;
  after(delay: Ms, run: () => void): Timer;
  every(period: Ms, run: () => void): Timer;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay, run) {
    const handle = setTimeout(run, delay);
    return { cancel: () => clearTimeout(handle) };
  },
  every(period, run) {
    const handle = setInterval(run, period);
    return { cancel: () => clearInterval(handle) };
  },
};
