import { networkInterfaces } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../config/index.js';
import { ms, secondsToMs } from '../core/index.js';
import { type Clock, type Log, messageOf, type Service, type Timer } from '../kernel/index.js';
import type { ServerIdentity } from '../stream/index.js';
import { HookRequests, publicUrl } from './hooks/hook-request.js';

/** A manager that takes longer is one that does not answer. */
const WITHIN = 5000;

/** Where heartbeats get their content; wired in app/. */
export interface HeartbeatEnvironment {
  readonly identity: ServerIdentity;
  readonly clock: Clock;
  readonly log: Log;
  config(): Config;
  /** The answer of /api/v1/summaries. */
  summaries(): object;
}

/** Reports to a manager of many servers (spec/http.md §5). What it answers does not matter; nobody waits for it. */
export class Heartbeat implements Service {
  readonly #requests = new HookRequests();
  readonly #stop = new AbortController();
  #timer: Timer | undefined;
  #settings: Config['heartbeat'] | undefined;
  #beating: Promise<void> = Promise.resolve();
  #failing = false;

  constructor(private readonly env: HeartbeatEnvironment) {}

  async start(): Promise<void> {
    this.reconfigure();
  }

  /** Takes over changed settings: the next heartbeat goes out at once. */
  reconfigure(): void {
    const { heartbeat } = this.env.config();
    if (isDeepStrictEqual(heartbeat, this.#settings)) return;
    this.#settings = heartbeat;
    this.#failing = false;
    this.#timer?.cancel();
    if (heartbeat.enabled) this.#beat();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stop.abort();
    await this.#beating;
    await this.#requests.close();
  }

  #beat(): void {
    const settings = this.env.config().heartbeat;
    const started = this.env.clock.now();
    this.#beating = this.#send(settings).then(() => {
      // Never two at a time, and none for settings that are not in force any more.
      if (this.#stop.signal.aborted || this.#settings !== settings) return;
      const rest = secondsToMs(settings.interval) - (this.env.clock.now() - started);
      this.#timer = this.env.clock.after(ms(Math.max(0, rest)), () => this.#beat());
    });
  }

  async #send({ url, deviceId, summaries }: Config['heartbeat']): Promise<void> {
    const { identity, clock, log } = this.env;
    const body = {
      device_id: deviceId,
      ip: localAddress(this.env.config().stats.network),
      ...(summaries && { summaries: this.env.summaries() }),
      server_id: identity.server,
      service_id: identity.service,
    };
    try {
      const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(WITHIN)]);
      const { status } = await this.#requests.post(url, body, '', clock.wall(), signal);
      if (status >= 400) throw new Error(`status ${status}`);
      if (this.#failing) log.info({ url: publicUrl(url) }, 'heartbeats are received again');
      this.#failing = false;
    } catch (error) {
      if (this.#stop.signal.aborted || this.#failing) return;
      // Once until it works again, however long that takes.
      this.#failing = true;
      const why = messageOf(error);
      log.warn({ url: publicUrl(url), why }, 'heartbeat failed; the next ones are tried silently');
    }
  }
}

/** The IPv4 addresses of this machine, loopback left out; '' without any. */
function localAddress(index: number): string {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
  return addresses[index % addresses.length] ?? '';
}
