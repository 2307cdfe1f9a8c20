import type { Socket } from 'node:net';
import type { Config } from '../config/index.js';
import { ms } from '../core/index.js';
import { type Clock, type Log, type Service, sendQueues, systemClock } from '../kernel/index.js';
import { Deadlines, printAddress, RtmpLink, TcpListener } from '../link/index.js';
import { ServerHandshake } from '../protocol/rtmp/index.js';
import { metadataTags, RtmpSession } from '../session/index.js';
import { FanoutGovernor, LagWatch, StreamHub, type WireLog } from '../stream/index.js';
import { Admission } from './admission.js';
import { Summary } from './summary.js';

/** How long a clean stop waits for players to take their last bytes. */
const DRAIN = ms(2000);

/** The composition root: builds the rooms, wires their ports, starts in order and stops in reverse. */
export class SrsServer implements Service {
  readonly #deadlines: Deadlines;
  readonly #hub: StreamHub;
  readonly #admission: Admission;
  readonly #sessions = new Set<RtmpSession>();
  readonly #services: Service[];
  #listeners: TcpListener[] = [];
  #refused = 0;

  constructor(
    private readonly config: Config,
    private readonly log: Log,
    private readonly clock: Clock = systemClock,
  ) {
    const governor = new FanoutGovernor(clock);
    this.#deadlines = new Deadlines(clock);
    this.#hub = new StreamHub(() => this.config, clock, governor, metadataTags);
    this.#admission = new Admission(() => this.config.maxConnections);
    this.#services = [
      this.#deadlines,
      governor,
      new LagWatch(() => this.#logs(), clock, sendQueues),
      new Summary(
        () => this.#sessions,
        () => this.config.pithyPrint,
        clock,
        log,
      ),
    ];
  }

  /** Addresses that are served, with the real port where 0 was asked for. */
  get addresses(): string[] {
    return this.#listeners.map((listener) => printAddress({ host: listener.address.host, port: listener.port }));
  }

  /** @throws {SystemError} LISTEN when an address can not be had; then nothing stays open. */
  async start(signal: AbortSignal): Promise<void> {
    try {
      for (const service of this.#services) await service.start(signal);
      for (const address of this.config.listen) {
        const listener = new TcpListener(address, (socket) => this.#accept(socket));
        await listener.start();
        this.#listeners.push(listener);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.log.info({ listen: this.addresses }, 'RTMP server is listening');
  }

  #accept(socket: Socket): void {
    if (!this.#admission.enter()) {
      socket.destroy();
      // One line per thousand: a flood must not fill the log.
      if (this.#refused++ % 1000 === 0)
        this.log.warn({ max: this.config.maxConnections, refused: this.#refused }, 'max_connections is reached');
      return;
    }
    const session = new RtmpSession(
      { hub: this.#hub, clock: this.clock, log: this.log, config: () => this.config },
      (closed) => {
        this.#sessions.delete(closed);
        this.#admission.leave();
      },
    );
    this.#sessions.add(session);
    session.attach(new RtmpLink(socket, new ServerHandshake(), session, this.#deadlines));
  }

  *#logs(): Iterable<WireLog> {
    for (const stream of this.#hub) yield* stream.logs;
  }

  /** Stops listening, lets players take their last bytes, then closes everything. */
  async stop(): Promise<void> {
    for (const listener of this.#listeners) await listener.stop();
    this.#listeners = [];
    this.#hub.flush();
    for (const session of [...this.#sessions]) session.end();
    await this.#drained();
    for (const session of [...this.#sessions]) session.link.close();
    this.#hub.close();
    for (const service of this.#services.toReversed()) await service.stop();
  }

  async #drained(): Promise<void> {
    const deadline = this.clock.now() + DRAIN;
    while (this.#sessions.size > 0 && this.clock.now() < deadline)
      await new Promise<void>((resolve) => this.clock.after(ms(10), resolve));
  }
}
