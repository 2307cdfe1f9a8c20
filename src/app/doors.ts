import type { Socket } from 'node:net';
import type { Config } from '../config/index.js';
import type { Clock, Log } from '../kernel/index.js';
import type { Admission } from './admission.js';
import { Entrance } from './entrance.js';
import { Listeners } from './listeners.js';
import { openEach } from './open-each.js';
import type { Reloadable } from './reload.js';
import { TlsListeners } from './tls-listeners.js';

/** Who takes over the connections; with TLS, once its handshake is done. */
export interface Inside {
  rtmp(socket: Socket): void;
  http(socket: Socket): void;
  api(socket: Socket): void;
  /** Closes the HTTP connections that wait for another request. */
  closeIdle(): void;
}

type Tls = Config['rtmps'];
type Accept = (socket: Socket) => void;
type Admit = (socket: Socket, next: Accept) => void;

/** The API counts its connections itself, but not those that never get through their handshake. */
const API_HANDSHAKES = 256;

/** TLS beside plain HTTP, where both are on. */
const tlsOf = ({ enabled, https }: { enabled: boolean; https: Tls }): Tls | undefined =>
  enabled && https.enabled ? https : undefined;

/** All listeners of the server, and who is let in: `max_connections` counts the connections of RTMP and HTTP, with TLS or without. */
export class Doors {
  readonly #entrance: Entrance;
  readonly #rtmp: Listeners;
  readonly #rtmps: TlsListeners;
  readonly #http: Listeners;
  readonly #https: TlsListeners;
  readonly #api: Listeners;
  readonly #apiTls: TlsListeners;
  #apiHandshakes = 0;

  constructor(inside: Inside, config: () => Config, admission: Admission, clock: Clock, log: Log) {
    this.#entrance = new Entrance(config, admission, clock, log, inside.closeIdle);
    const counted: Admit = (socket, next) => this.#entrance.enter(socket, next);
    /** Not for TLS: it takes what waits in a paused socket by itself, and would lose it in one that flows. */
    const plain = (inner: Accept) => (socket: Socket) =>
      counted(socket, (admitted) => {
        inner(admitted);
        admitted.resume();
      });
    const few: Admit = (socket, next) => {
      if (this.#apiHandshakes >= API_HANDSHAKES) return void socket.destroy();
      this.#apiHandshakes++;
      socket.once('close', () => this.#apiHandshakes--);
      next(socket);
    };
    const tls = (name: string, settings: (config: Config) => Tls | undefined, admit: Admit, inner: Accept) =>
      new TlsListeners(name, name === 'rtmps' ? [] : ['http/1.1'], settings, admit, inner, log, clock);
    this.#rtmp = new Listeners(({ listen }) => listen, plain(inside.rtmp));
    this.#rtmps = tls('rtmps', ({ rtmps }) => (rtmps.enabled ? rtmps : undefined), counted, inside.rtmp);
    this.#http = new Listeners(({ httpServer }) => (httpServer.enabled ? httpServer.listen : []), plain(inside.http));
    this.#https = tls('http_server https', ({ httpServer }) => tlsOf(httpServer), counted, inside.http);
    this.#api = new Listeners(({ httpApi }) => (httpApi.enabled ? httpApi.listen : []), inside.api);
    this.#apiTls = tls('http_api https', ({ httpApi }) => tlsOf(httpApi), few, inside.api);
  }

  /** First the API: it tells that the server is not ready yet. */
  get #all(): readonly (Listeners | TlsListeners)[] {
    return [this.#api, this.#apiTls, this.#rtmp, this.#rtmps, this.#http, this.#https];
  }

  /** A request of a client that has too many connections was refused. */
  tooMany(address: string): void {
    this.#entrance.turnedAway(address, 'max_connections_per_address');
  }

  /** Connections that were not let in, by reason. */
  get refusals(): ReadonlyMap<string, number> {
    return this.#entrance.refusals;
  }

  get reloadables(): readonly Reloadable[] {
    return this.#all;
  }

  /** Addresses that are served to players and encoders, by protocol, with the real port where 0 was asked for. */
  get named(): Readonly<Record<string, readonly string[]>> {
    return {
      rtmp: this.#rtmp.addresses,
      ...(this.#rtmps.addresses.length > 0 && { rtmps: this.#rtmps.addresses }),
      http: this.#http.addresses,
      ...(this.#https.addresses.length > 0 && { https: this.#https.addresses }),
    };
  }

  /** @throws {SystemError} LISTEN, TLS_CERTIFICATE */
  async open(config: Config): Promise<void> {
    await openEach(this.#all, (listeners) => listeners.open(config));
  }

  /** No new players and encoders; the API goes on. */
  async closeMedia(): Promise<void> {
    for (const listeners of [this.#rtmp, this.#rtmps, this.#http, this.#https]) await listeners.close();
  }

  async close(): Promise<void> {
    for (const listeners of this.#all) await listeners.close();
    this.#entrance.close();
  }
}
