import { join } from 'node:path';
import { type Config, dumpSettings, type LoadedConfig } from '../config/index.js';
import { type Ms, ms } from '../core/index.js';
import { type DvrOutputs, type ForwardOutputs, HlsOutputs } from '../deliver/index.js';
import {
  type ApiEnvironment,
  type ApiServer,
  EventFeed,
  Heartbeat,
  HookGate,
  type HttpEnvironment,
  type HttpServer,
  loadApiServer,
  loadHttpServer,
  type Readiness,
  Refusals,
  summaryAnswer,
} from '../http/index.js';
import { Edges } from '../intake/index.js';
import {
  type Clock,
  type Log,
  ProcSampler,
  type Service,
  sendQueues,
  systemClock,
  waitWhile,
} from '../kernel/index.js';
import { Deadlines } from '../link/index.js';
import { metadataTags, TestTurns } from '../session/index.js';
import {
  ClientRegistry,
  FanoutGovernor,
  type Gate,
  identify,
  LagWatch,
  RelayTrail,
  RuleGate,
  Statistics,
  StreamHub,
  type WireLog,
} from '../stream/index.js';
import { Admission } from './admission.js';
import { Doors } from './doors.js';
import { makeForwards } from './forwards.js';
import { OnDemand } from './on-demand.js';
import { Programs } from './programs.js';
import { makeRecordings } from './recordings.js';
import { type Prepared, type Reloadable, Reloader } from './reload.js';
import { RtmpSessions } from './rtmp-sessions.js';
import { SegmentHooks } from './segment-hooks.js';
import { Summary } from './summary.js';
import { UseLog } from './use-log.js';

/** How long a clean stop waits for players to take their last bytes. */
const DRAIN = ms(2000);
/** How long it waits for a hook server to take what is still to be told. */
const LAST_HOOKS = ms(5000);

const NO_FILE = { ok: false, code: 'CONFIG_UNREADABLE', error: 'there is no file to reload' } as const;

/** The composition root: builds the rooms, wires their ports, starts in order and stops in reverse. */
export class SrsServer implements Service {
  readonly #deadlines: Deadlines;
  readonly #hub: StreamHub;
  readonly #clients = new ClientRegistry();
  readonly #statistics: Statistics;
  readonly #hooks: HookGate;
  readonly #gate: Gate;
  readonly #sessions: RtmpSessions;
  readonly #summary: Summary;
  readonly #services: Service[];
  readonly #http: OnDemand<HttpServer>;
  readonly #api: OnDemand<ApiServer>;
  readonly #trail: RelayTrail;
  readonly #hls: HlsOutputs;
  readonly #dvr: DvrOutputs;
  readonly #forwards: ForwardOutputs;
  readonly #edges: Edges;
  readonly #doors: Doors;
  readonly #programs: Programs;
  #readiness: Readiness = 'starting';
  readonly #events: EventFeed;
  readonly #heartbeat: Heartbeat;
  #reloader: Reloader | undefined;

  constructor(
    private loaded: LoadedConfig,
    private readonly log: Log,
    private readonly clock: Clock = systemClock,
  ) {
    const config = (): Config => this.config;
    const governor = new FanoutGovernor(clock);
    this.#deadlines = new Deadlines(clock);
    this.#hub = new StreamHub(config, clock, governor, metadataTags);
    const admission = new Admission(config);
    const identity = identify(this.config.serverId);
    this.#trail = new RelayTrail(identity);
    const proc = new ProcSampler(clock);
    this.#statistics = new Statistics(this.#hub, this.#clients, clock);
    new UseLog(this.#clients, clock, log);
    this.#events = new EventFeed(this.#hub, this.#clients, identity, clock);
    this.#hooks = new HookGate(config, clock, log, identity);
    const shared = { hub: this.#hub, clients: this.#clients, clock, log, config };
    const relays = { ...shared, trail: this.#trail, deadlines: this.#deadlines };
    this.#edges = new Edges(relays);
    this.#gate = this.#edges.gate(new RuleGate(config, clock, this.#hooks));
    const segmentHooks = new SegmentHooks(this.#hub, this.#clients, this.#hooks);
    this.#hls = new HlsOutputs(this.#hub, config, clock, log, {
      completed: (key, segment) => segmentHooks.completed(key, segment),
      failed: (key, why) => this.#disconnect(key, why),
    });
    this.#dvr = makeRecordings({ ...shared, hooks: this.#hooks });
    this.#forwards = makeForwards({ ...relays, hooks: this.#hooks });
    this.#sessions = new RtmpSessions(
      { ...shared, gate: this.#gate, trail: this.#trail, turns: new TestTurns(clock) },
      this.#deadlines,
    );
    const serve = this.#sessions.serve.bind(this.#sessions);
    this.#programs = new Programs({ ...shared, hooks: this.#hooks, rules: this.#gate, serve });
    const httpEnvironment: HttpEnvironment = {
      ...shared,
      gate: this.#gate,
      refusals: new Refusals(clock, log),
      consoleDir: join(import.meta.dirname, 'console'),
      share: (address) => {
        if (admission.share(address)) return () => admission.unshare(address);
        this.#doors.tooMany(address);
        return undefined;
      },
      hls: (vhost, path) => this.#hls.find(vhost, path),
      hlsArrival: (vhost, path, within) => this.#hls.arrival(vhost, path, within),
      hlsOf: (streamKey) => this.#hls.stateOf(streamKey),
      isSegmentName: (vhost, path) => this.#hls.names(vhost, path),
      playlistAtOrigin: (vhost, path) =>
        vhost.cluster.mode === 'remote' ? this.#hls.playlistOf(vhost, path) : undefined,
      want: (stream) => this.#edges.want(stream),
    };
    const apiEnvironment: ApiEnvironment = {
      ...shared,
      statistics: this.#statistics,
      events: this.#events,
      forwards: this.#forwards,
      edges: this.#edges,
      transcodes: (streamKey) => this.#programs.transcodes(streamKey),
      ingests: () => this.#programs.ingests.states,
      hls: (streamKey) => this.#hls.stateOf(streamKey),
      dvr: (streamKey) => this.#dvr.stateOf(streamKey),
      dvrTotals: () => this.#dvr.totals,
      readiness: () => (this.#readiness === 'ready' && admission.isFull ? 'full' : this.#readiness),
      identity,
      proc,
      settings: () => dumpSettings(this.loaded, { mask: true }),
      reload: () => this.#reloader?.request() ?? Promise.resolve(NO_FILE),
      connections: () => admission.count,
      accepted: () => admission.accepted,
      refusals: () => this.#doors.refusals,
      programs: () => this.#programs.running,
      governor,
      hooks: this.#hooks,
    };
    this.#heartbeat = new Heartbeat({
      identity,
      clock,
      log,
      config,
      summaries: () => summaryAnswer(apiEnvironment),
    });
    this.#http = new OnDemand(
      ({ httpServer }) => httpServer.enabled,
      config,
      async () => new (await loadHttpServer())(httpEnvironment),
    );
    this.#api = new OnDemand(
      ({ httpApi }) => httpApi.enabled,
      config,
      async () => new (await loadApiServer())(apiEnvironment),
    );
    this.#doors = new Doors(
      {
        rtmp: (socket) => this.#sessions.accept(socket),
        http: (socket) => this.#http.current?.accept(socket),
        api: (socket) => this.#api.current?.accept(socket),
        closeIdle: () => this.#http.current?.closeIdle(),
      },
      config,
      admission,
      clock,
      log,
    );
    this.#summary = new Summary(
      this.#clients,
      this.#forwards,
      this.#edges,
      () => this.#programs.ingests.sums,
      () => this.config.pithyPrint,
      clock,
      log,
    );
    this.#services = [
      this.#deadlines,
      governor,
      new LagWatch(() => this.#logs(), clock, sendQueues),
      this.#statistics,
      proc,
      this.#summary,
      this.#heartbeat,
      this.#http,
      this.#api,
    ];
  }

  /** @param line of the log, level warn or above: who listens to events hears of it. */
  warned(line: string): void {
    this.#events.warned(line);
  }

  /** The configuration in force. */
  get config(): Config {
    return this.loaded.config;
  }

  /** @throws {SystemError} LISTEN, TLS_CERTIFICATE when a listener cannot be opened; then nothing stays open. */
  async start(signal: AbortSignal): Promise<void> {
    try {
      for (const service of this.#services) await service.start(signal);
      await this.#programs.start();
      this.#hls.start();
      this.#dvr.start();
      await this.#doors.open(this.config);
      await this.#programs.ingests.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#readiness = 'ready';
    this.log.info(this.#doors.named, 'listening');
  }

  /** Closes the publisher of a stream; not at once, since this may be asked for in the middle of one of its frames. */
  #disconnect(streamKey: string, why: string): void {
    this.clock.after(ms(0), () => {
      const publication = this.#hub.get(streamKey)?.publication;
      this.#clients.get(publication?.owner.id ?? '')?.kick(why);
    });
  }

  *#logs(): Iterable<WireLog> {
    for (const stream of this.#hub) yield* stream.logs;
  }

  /**
   * @param load reads and checks the file anew. @param before parts outside this server, such as the log; they are
   * prepared first.
   */
  reloader(load: () => LoadedConfig, before: readonly Reloadable[] = []): Reloader {
    const swap = (loaded: LoadedConfig): void => {
      this.loaded = loaded;
    };
    this.#reloader = new Reloader(
      load,
      () => this.config,
      swap,
      () => [...before, this.#http, this.#api, ...this.#doors.reloadables, this],
      this.log,
    );
    return this.#reloader;
  }

  /** Streams and connections take over what changed once it is in force; who is not served any more is told so. */
  async reload(before: Config): Promise<Prepared> {
    return {
      undo: () => undefined,
      commit: () => {
        this.#sessions.reconfigure();
        for (const session of [...this.#programs.sessions]) session.reconfigure();
        this.#hub.reconfigure(before);
        this.#http.current?.reconfigure();
        this.#hls.reconfigure(this.#hub);
        this.#dvr.reconfigure();
        this.#forwards.reconfigure();
        this.#edges.reconfigure();
        this.#programs.reconfigure();
        this.#heartbeat.reconfigure();
        if (before.pithyPrint !== this.config.pithyPrint) this.#summary.restart();
      },
    };
  }

  /**
   * Stops listening and waits until no client is left, at most `limit` ms; then `stop` is due.
   * @param signal ends the wait early.
   */
  async drain(limit: Ms, signal: AbortSignal): Promise<void> {
    this.#readiness = 'draining';
    await this.#doors.closeMedia();
    const isPlaying = (): boolean => (this.#http.current?.players ?? 0) > 0 || this.#sessions.isAnyPlaying;
    await waitWhile(this.clock, () => isPlaying() && !signal.aborted, limit, ms(50));
  }

  /** Stops listening, lets players take their last bytes, then closes everything. */
  async stop(): Promise<void> {
    this.#readiness = 'stopping';
    await this.#doors.close();
    await this.#programs.stop();
    this.#hub.flush();
    // Links of forwards close by themselves when their peer takes too long.
    await Promise.all([
      this.#sessions.end(DRAIN),
      this.#http.current?.endPlayers(DRAIN),
      this.#forwards.close(),
      this.#edges.close(),
    ]);
    await Promise.all([this.#hls.close(), this.#dvr.close()]);
    this.#hub.close();
    for (const service of this.#services.toReversed()) await service.stop();
    await this.#hooks.close(LAST_HOOKS);
    this.#events.close();
  }
}
