/**
 * `idle` waits for the publisher to come back; `retrying` waits for its next attempt; `live` is published there; `loop`
 * would lead back to its own stream; `paused` waits for the operator.
 */
export type PushState = 'idle' | 'connecting' | 'live' | 'retrying' | 'loop' | 'paused';

/** What an operator may know of a push. */
export interface PushStatus {
  readonly id: string;
  /** `vhost/app/stream` */
  readonly stream: string;
  /** The destination, without keys. */
  readonly to: string;
  readonly state: PushState;
  /** Wall clock of the last change of state, ms. */
  readonly since: number;
  /** Media bytes sent, over all connections. */
  readonly bytes: number;
  /** Mean of the last 30 s. */
  readonly kbps: number;
  readonly lagMs: number;
  /** Jumps to a newer key frame, because the destination is too slow. */
  readonly drops: number;
  /** Times that it was published there again. */
  readonly reconnects: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly lastError: string;
}
