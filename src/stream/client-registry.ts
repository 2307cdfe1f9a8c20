import type { ClientFacts } from './gate.js';
import type { Viewer } from './viewer.js';

/** What a client is doing, in the words of the HTTP API. */
export type ClientType = 'Play' | 'fmle-publish' | 'flash-publish' | 'flv-publish' | 'Unknown';

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
}

/** All clients of the server, whatever they speak. Each registers when it is known, and leaves exactly once. */
export class ClientRegistry {
  readonly #clients = new Map<string, Client>();
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
  }

  /** A client that is here began or ended to publish or play. */
  moved(client: Client): void {
    if (this.#clients.get(client.facts.id) !== client) return;
    for (const observer of this.#observers) observer.moved?.(client);
  }

  remove(client: Client): void {
    if (!this.#clients.delete(client.facts.id)) return;
    for (const observer of this.#observers) observer.left?.(client);
  }

  /** @returns how to stop observing. */
  observe(observer: ClientObserver): () => void {
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }
}
