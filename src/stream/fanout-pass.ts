import type { Clock } from '../kernel/index.js';
import type { FanoutGovernor } from './fanout-governor.js';
import type { Viewer } from './viewer.js';

/** Viewers that are written to before other work gets its turn, in ms of pumping. */
const SLICE = 3;
const SLICE_CHECK = 32;

/** The log whose viewers are served. */
export interface PassLog {
  readonly viewers: readonly Viewer[];
  /** Number of the batch that comes next. */
  readonly head: number;
  /** Sends the viewer what it lacks. */
  pump(viewer: Viewer): void;
  /** All viewers were seen: batches before `slowest` are needed by none of them. */
  passed(slowest: number): void;
}

/** Serves all viewers of a log in slices, so that ingest and other streams get their turn in between. */
export class FanoutPass {
  #cursor = 0;
  #left = 0;
  #again = false;
  #slowest = 0;

  constructor(
    private readonly log: PassLog,
    private readonly clock: Clock,
    private readonly governor: FanoutGovernor,
  ) {}

  /** There is something new to send. Asked again while it runs, it sees everybody once more. */
  start(): void {
    if (this.#left > 0) {
      this.#again = true;
      return;
    }
    const { viewers, head } = this.log;
    if (viewers.length === 0) return this.log.passed(head);
    this.#left = viewers.length;
    // Start elsewhere each time, so that nobody is always the last to be served.
    this.#cursor = (head * 61) % viewers.length;
    this.#slowest = head;
    this.#slice();
  }

  /** A newcomer is not visited by a pass that is under way; what it still needs must be kept all the same. */
  joined(position: number): void {
    if (position < this.#slowest) this.#slowest = position;
  }

  /** A viewer has another place in the list, perhaps behind the cursor: look at all once more. */
  reordered(): void {
    if (this.#left > 0) this.#again = true;
  }

  readonly #slice = (): void => {
    const { viewers } = this.log;
    const start = this.clock.now();
    let written = 0;
    while (this.#left > 0 && viewers.length > 0) {
      if (this.#cursor >= viewers.length) this.#cursor = 0;
      const viewer = viewers[this.#cursor++] as Viewer;
      this.#left--;
      this.log.pump(viewer);
      if (viewer.position < this.#slowest) this.#slowest = viewer.position;
      if (++written % SLICE_CHECK === 0 && this.clock.now() - start > SLICE) break;
    }
    this.governor.spent(this.clock.now() - start, written);
    if (viewers.length === 0) this.#left = 0;
    if (this.#left > 0) {
      setImmediate(this.#slice);
      return;
    }
    if (this.#again) {
      this.#again = false;
      this.start();
    } else this.log.passed(viewers.length === 0 ? this.log.head : this.#slowest);
  };
}
