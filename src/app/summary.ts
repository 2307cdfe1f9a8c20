import type { Ms } from '../core/index.js';
import type { Clock, Log, Service, Timer } from '../kernel/index.js';
import type { RtmpSession, SessionKind } from '../session/index.js';

interface Stage {
  clients: number;
  bytesIn: number;
  bytesOut: number;
  drops: number;
}

const STAGES: readonly Exclude<SessionKind, 'other'>[] = ['publish', 'play'];

/** One line per stage and interval, however many clients there are (`pithy_print`). */
export class Summary implements Service {
  #timer: Timer | undefined;
  #before = new Map<SessionKind, Stage>();

  constructor(
    private readonly sessions: () => Iterable<RtmpSession>,
    private readonly interval: () => Ms,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async start(): Promise<void> {
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
  }

  /** The interval changed. */
  restart(): void {
    this.#timer?.cancel();
    this.#schedule();
  }

  #schedule(): void {
    const interval = this.interval();
    this.#timer = this.clock.after(interval, () => {
      this.#print(interval / 1000);
      this.#schedule();
    });
  }

  #print(seconds: number): void {
    const stages = new Map<SessionKind, Stage>();
    for (const session of this.sessions()) {
      const stage = stages.get(session.kind) ?? { clients: 0, bytesIn: 0, bytesOut: 0, drops: 0 };
      stages.set(session.kind, stage);
      stage.clients++;
      stage.bytesIn += session.link.bytesIn;
      stage.bytesOut += session.link.bytesOut;
      stage.drops += session.drops;
    }
    for (const name of STAGES) {
      const stage = stages.get(name);
      if (stage === undefined) continue;
      const before = this.#before.get(name);
      // Clients that left take their bytes with them, so a rate may read low, never negative.
      const kbps = (now: number, then = 0) => Math.max(0, Math.round(((now - then) * 8) / 1000 / seconds));
      const { clients, drops } = stage;
      this.log.info(
        {
          stage: name,
          clients,
          ikbps: kbps(stage.bytesIn, before?.bytesIn),
          okbps: kbps(stage.bytesOut, before?.bytesOut),
          drops,
        },
        `${name}: ${clients} client${clients === 1 ? '' : 's'}`,
      );
    }
    this.#before = stages;
  }
}
