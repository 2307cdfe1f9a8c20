import type { Clock } from '../../kernel/index.js';
import {
  type Client,
  type ClientRegistry,
  idOf,
  type LiveStream,
  type ServerIdentity,
  type StreamHub,
} from '../../stream/index.js';

/** What an operator may want to hear of at once; docs/api.md lists the fields. */
export type EventName = 'stream_up' | 'stream_interrupted' | 'stream_down' | 'client_join' | 'client_leave' | 'warning';

/** Hears each event as it stands in the stream of Server-Sent Events. */
export type EventListener = (text: string) => void;

/** Turns what happens to streams and clients into events; costs next to nothing while nobody listens. */
export class EventFeed {
  readonly #listeners = new Set<EventListener>();
  readonly #live = new Set<string>();
  readonly #unobserve: (() => void)[];
  #last = 0;
  /** How many there were so far, by level. */
  readonly logLines = { warn: 0, error: 0 };

  constructor(
    hub: StreamHub,
    clients: ClientRegistry,
    private readonly identity: ServerIdentity,
    private readonly clock: Clock,
  ) {
    this.#unobserve = [
      hub.observe({
        published: (stream) => this.#published(stream, clients),
        unpublished: (stream) => this.#emit('stream_interrupted', this.#streamFields(stream.key)),
        ended: (stream) => {
          this.#live.delete(stream.key);
          this.#emit('stream_down', this.#streamFields(stream.key));
        },
      }),
      clients.observe({
        began: (client, key) => this.#emit('client_join', { ...this.#clientFields(client, key), type: client.type }),
        ended: (client, key) => this.#ended(client, key),
      }),
    ];
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** @returns how to stop listening. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @param line of the log, JSON: level warn or above. */
  warned(line: string): void {
    const level = line.startsWith('{"level":40') ? 'warn' : 'error';
    this.logLines[level]++;
    if (this.#listeners.size === 0) return;
    const { level: _level, time: _time, pid: _pid, ...fields } = JSON.parse(line) as Record<string, unknown>;
    this.#emit('warning', { level, ...fields });
  }

  close(): void {
    for (const stop of this.#unobserve) stop();
  }

  #published(stream: LiveStream, clients: ClientRegistry): void {
    const again = this.#live.has(stream.key);
    this.#live.add(stream.key);
    const cid = stream.publication?.owner.id ?? '';
    const ip = clients.get(cid)?.facts.ip ?? '';
    this.#emit('stream_up', { ...this.#streamFields(stream.key), cid, ip, again });
  }

  #ended(client: Client, key: string): void {
    const { bytesIn, bytesOut, since } = client;
    const seconds = Math.round((this.clock.wall() - since) / 1000);
    const fields = { seconds, recv_bytes: bytesIn, send_bytes: bytesOut };
    this.#emit('client_leave', { ...this.#clientFields(client, key), ...fields });
  }

  #streamFields(key: string) {
    return { id: idOf(this.identity, key), stream: key };
  }

  #clientFields({ facts }: Client, key: string) {
    return { id: facts.id, stream: key, ip: facts.ip, protocol: facts.protocol };
  }

  #emit(event: EventName, fields: object): void {
    if (this.#listeners.size === 0) return;
    const data = JSON.stringify({ time: new Date(this.clock.wall()).toISOString(), ...fields });
    const text = `id: ${++this.#last}\nevent: ${event}\ndata: ${data}\n\n`;
    for (const listener of this.#listeners) listener(text);
  }
}
