import type { Payload } from '../core/index.js';
import type { LiveStream } from './live-stream.js';

/** Whoever publishes, over RTMP or HTTP. */
export interface PublishOwner {
  /** For logs and hooks: the client's id. */
  readonly id: string;
  /** Another publisher took over; the lock is gone already. Close, and release nothing. @param by the other's id. */
  evicted(by: string): void;
  /** Something that it sent cannot be used and is left out; said once per publish. */
  complaint?(text: string): void;
}

/** The lock of a stream. Every exit path ends in `release`; a second release does nothing (reliability R2). */
export class Publication {
  #held = true;
  #complained = false;

  constructor(
    private readonly stream: LiveStream,
    readonly owner: PublishOwner,
    /** Wall clock of its begin, ms. */
    readonly since: number,
  ) {}

  get held(): boolean {
    return this.#held;
  }

  media(kind: 'audio' | 'video', wire: number, payload: Payload): void {
    if (this.#held) this.stream.media(kind, wire, payload);
  }

  data(name: string, body: Payload): void {
    if (!this.#held || this.stream.data(name, body)) return;
    this.complain('metadata that cannot be read is left out');
  }

  /** Tells the owner; only the first complaint of a publish is told. */
  complain(text: string): void {
    if (this.#complained) return;
    this.#complained = true;
    this.owner.complaint?.(text);
  }

  settle(): void {
    if (this.#held) this.stream.settle();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.stream.unpublished(this);
  }

  /** @param by id of the owner who takes over. */
  evict(by: string): void {
    if (!this.#held) return;
    this.release();
    this.owner.evicted(by);
  }
}
