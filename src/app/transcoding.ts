import type { Config } from '../config/index.js';
import { TranscodeOutputs } from '../deliver/index.js';
import { type Clock, type Log, type Service, Supervisor } from '../kernel/index.js';
import type { RtmpSession } from '../session/index.js';
import type { ClientRegistry, Gate, StreamHub } from '../stream/index.js';
import { ChildDoor, type ServeRtmp } from './child-door.js';

/** The ffmpegs of this server, and their way in. */
export class Transcoding implements Service {
  readonly #supervisor: Supervisor;
  readonly #door: ChildDoor;
  readonly #outputs: TranscodeOutputs;

  constructor(
    hub: StreamHub,
    clients: ClientRegistry,
    hooks: Gate,
    serve: ServeRtmp,
    config: () => Config,
    clock: Clock,
    log: Log,
  ) {
    this.#supervisor = new Supervisor(clock, log);
    this.#door = new ChildDoor(hooks, serve);
    this.#outputs = new TranscodeOutputs(hub, {
      clock,
      log,
      supervisor: this.#supervisor,
      passes: this.#door.passes,
      port: () => this.#door.port(),
      client: (id) => clients.get(id)?.facts,
      config,
    });
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
  states(streamKey: string): ReturnType<TranscodeOutputs['states']> {
    return this.#outputs.states(streamKey);
  }

  async start(): Promise<void> {
    await this.#outputs.start();
  }

  reconfigure(): void {
    this.#outputs.reconfigure();
  }

  async stop(): Promise<void> {
    await this.#outputs.stop();
    await this.#supervisor.stop();
    await this.#door.close();
  }
}
