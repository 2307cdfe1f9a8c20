import type { Cause } from '../kernel/index.js';
import type { ClientFacts } from './gate.js';
import type { Viewer } from './viewer.js';

/** What a client is doing, in the words of the HTTP API. */
export type ClientType = 'Play' | 'fmle-publish' | 'flash-publish' | 'flv-publish' | 'edge-publish' | 'Unknown';

/** A connected client as statistics, limits and the API see it. */
export interface Client {
  readonly facts: ClientFacts;
  readonly type: ClientType;
  /** Key of the stream that it plays or publishes (`vhost/app/stream`); undefined before. */
  readonly streamKey: string | undefined;
  /** Its cursor, for a player of a stream log. */
  readonly viewer: Viewer | undefined;
  /** Wall clock of the connect, ms. */
  readonly since: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Ends the connection after telling the client why. */
  kick(reason: string): void;
}

export interface ClientObserver {
  joined?(client: Client): void;
  /** It began or ended to publish or play. */
  moved?(client: Client): void;
  left?(client: Client): void;
  /** It publishes or plays this stream (`vhost/app/stream`) from now on. */
  began?(client: Client, streamKey: string): void;
  /** It does so no more; exactly once for each `began`. @param cause why, where that is known. */
  ended?(client: Client, streamKey: string, cause: Cause): void;
}

/** All clients of the server, whatever they speak. Each registers when it is known, and leaves exactly once. */
export class ClientRegistry {
  readonly #clients = new Map<string, Client>();
  /** What those use that publish or play. */
  readonly #used = new Map<Client, string>();
  readonly #observers = new Set<ClientObserver>();

  get size(): number {
    return this.#clients.size;
  }

  [Symbol.iterator](): IterableIterator<Client> {
    return this.#clients.values();
  }

  get(id: string): Client | undefined {
    return this.#clients.get(id);
  }

  add(client: Client): void {
    this.#clients.set(client.facts.id, client);
    for (const observer of this.#observers) observer.joined?.(client);
    this.#use(client, client.streamKey, undefined);
  }

  /** A client that is here began or ended to publish or play. @param cause why it ended. */
  moved(client: Client, cause?: Cause): void {
    if (this.#clients.get(client.facts.id) !== client) return;
    for (const observer of this.#observers) observer.moved?.(client);
    this.#use(client, client.streamKey, cause);
  }

  /** @param cause why it left. */
  remove(client: Client, cause?: Cause): void {
    if (!this.#clients.delete(client.facts.id)) return;
    this.#use(client, undefined, cause);
    for (const observer of this.#observers) observer.left?.(client);
  }

  #use(client: Client, key: string | undefined, cause: Cause): void {
    const former = this.#used.get(client);
    if (former === key) return;
    if (former !== undefined) {
      this.#used.delete(client);
      for (const observer of this.#observers) observer.ended?.(client, former, cause);
    }
    if (key === undefined) return;
    this.#used.set(client, key);
    for (const observer of this.#observers) observer.began?.(client, key);
  }

  /** @returns how to stop observing. */
  observe(observer: ClientObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }
}
