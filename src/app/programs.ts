import type { Config } from '../config/index.js';
import { TranscodeOutputs } from '../deliver/index.js';
import { IngestGate, Ingests, isTaken } from '../intake/index.js';
import { type Clock, type Log, type Service, Supervisor } from '../kernel/index.js';
import type { RtmpSession } from '../session/index.js';
import { type ClientRegistry, type Gate, Passes, type StreamHub } from '../stream/index.js';
import { ChildDoor, type ServeRtmp } from './child-door.js';

interface ProgramsEnvironment {
  readonly hub: StreamHub;
  readonly clients: ClientRegistry;
  /** Asked about what a transcode publishes: the rules of the configuration do not hold for it. */
  readonly hooks: Gate;
  /** Asked about what an ingest publishes, as about any client. */
  readonly rules: Gate;
  readonly serve: ServeRtmp;
  readonly clock: Clock;
  readonly log: Log;
  config(): Config;
}

/** The ffmpegs of this server, and their way in. */
export class Programs implements Service {
  readonly #supervisor: Supervisor;
  readonly #door: ChildDoor;
  readonly #transcodes: TranscodeOutputs;
  readonly ingests: Ingests;

  constructor({ hub, clients, hooks, rules, serve, clock, log, config }: ProgramsEnvironment) {
    const passes = new Passes();
    this.#supervisor = new Supervisor(clock, log);
    const gates = { transcode: hooks, ingest: new IngestGate(isTaken(hub, passes), rules) };
    this.#door = new ChildDoor(passes, gates, serve);
    const env = { supervisor: this.#supervisor, passes, port: () => this.#door.port(), config };
    this.#transcodes = new TranscodeOutputs(hub, { ...env, clock, log, client: (id) => clients.get(id)?.facts });
    this.ingests = new Ingests(hub, env);
  }

  /** The connections of ffmpeg to this server. */
  get sessions(): Iterable<RtmpSession> {
    return this.#door.sessions;
  }

  /** How many programs run now. */
  get running(): number {
    return this.#supervisor.running;
  }

  /** The engines of a stream (`vhost/app/stream`). */
  transcodes(streamKey: string): ReturnType<TranscodeOutputs['states']> {
    return this.#transcodes.states(streamKey);
  }

  /** Due before the first client comes; `ingests` are started by themselves, when it may. */
  async start(): Promise<void> {
    await this.#transcodes.start();
  }

  reconfigure(): void {
    this.#transcodes.reconfigure();
    this.ingests.reconfigure();
  }

  async stop(): Promise<void> {
    await Promise.all([this.ingests.stop(), this.#transcodes.stop()]);
    await this.#supervisor.stop();
    await this.#door.close();
  }
}
