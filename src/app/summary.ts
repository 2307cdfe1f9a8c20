import type { Ms } from '../core/index.js';
import type { Clock, Log, Service, Timer } from '../kernel/index.js';
import type { Client } from '../stream/index.js';

type StageName = 'publish' | 'play' | 'forward' | 'edge' | 'ingest';

/** Somebody who counts in a stage. */
interface Summed {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly drops: number;
}

interface Stage {
  clients: number;
  bytesIn: number;
  bytesOut: number;
  drops: number;
}

/** Stage → whom it counts. */
const STAGES = {
  publish: 'client',
  play: 'client',
  forward: 'destination',
  edge: 'upstream',
  ingest: 'source',
} as const;

/** One line per stage and interval, however many clients there are (`pithy_print`). */
export class Summary implements Service {
  #timer: Timer | undefined;
  #before = new Map<StageName, Stage>();

  constructor(
    private readonly clients: Iterable<Client>,
    private readonly forwards: Iterable<Summed>,
    private readonly edges: Iterable<Summed>,
    private readonly ingests: () => Iterable<Summed>,
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
    const stages = new Map<StageName, Stage>();
    const count = (name: StageName, { bytesIn, bytesOut, drops }: Summed): void => {
      const stage = stages.get(name) ?? { clients: 0, bytesIn: 0, bytesOut: 0, drops: 0 };
      stages.set(name, stage);
      stage.clients++;
      stage.bytesIn += bytesIn;
      stage.bytesOut += bytesOut;
      stage.drops += drops;
    };
    for (const { streamKey, type, bytesIn, bytesOut, viewer } of this.clients)
      if (streamKey !== undefined && type !== 'edge-publish')
        count(type === 'Play' ? 'play' : 'publish', { bytesIn, bytesOut, drops: viewer?.drops ?? 0 });
    for (const forward of this.forwards) count('forward', forward);
    for (const edge of this.edges) count('edge', edge);
    for (const ingest of this.ingests()) count('ingest', ingest);
    for (const [name, noun] of Object.entries(STAGES) as [StageName, string][]) {
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
        `${name}: ${clients} ${noun}${clients === 1 ? '' : 's'}`,
      );
    }
    this.#before = stages;
  }
}
