/**
 * `connecting` asks an origin; `waiting` plays there and has got no frame yet; `live` passes frames on; `retrying` waits
 * for its next attempt; `idle` waits for the publisher to come back; `loop` would lead back to its own stream.
 */
export type EdgeState = 'connecting' | 'waiting' | 'live' | 'retrying' | 'idle' | 'loop' | 'paused';

/** What an operator may know of a stream between this edge and its origin. */
export interface EdgeStatus {
  readonly role: 'pull' | 'push';
  /** `vhost/app/stream` */
  readonly stream: string;
  /** URL at the origin that is used, or tried next, without keys. */
  readonly upstream: string;
  readonly state: EdgeState;
  /** Wall clock of the last change of state, ms. */
  readonly since: number;
  /** Media bytes from or to the origin, over all connections. */
  readonly bytes: number;
  /** Times that it was live again. */
  readonly reconnects: number;
  /** In a row. */
  readonly failures: number;
  readonly lastError: string;
}
