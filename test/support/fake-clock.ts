import type { Clock, Timer } from '../../src/kernel/index.js';

interface Planned {
  at: number;
  run: () => void;
  period: number;
}

/** A clock that moves only when told to. */
export class FakeClock implements Clock {
  #now = 1000;
  #planned = new Set<Planned>();

  now(): number {
    return this.#now;
  }

  wall(): number {
    return 1_700_000_000_000 + this.#now;
  }

  after(delay: number, run: () => void): Timer {
    return this.#plan({ at: this.#now + delay, run, period: 0 });
  }

  every(period: number, run: () => void): Timer {
    return this.#plan({ at: this.#now + period, run, period });
  }

  #plan(planned: Planned): Timer {
    this.#planned.add(planned);
    return { cancel: () => this.#planned.delete(planned) };
  }

  get timers(): number {
    return this.#planned.size;
  }

  /** Moves on, running what falls due in order. */
  advance(by: number): void {
    const until = this.#now + by;
    for (;;) {
      const due = [...this.#planned].filter((p) => p.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#now = Math.max(this.#now, due.at);
      if (due.period > 0) due.at += due.period;
      else this.#planned.delete(due);
      due.run();
    }
    this.#now = until;
  }
}
