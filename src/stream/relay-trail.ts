import { createHash } from 'node:crypto';
import { RefusedError } from '../kernel/index.js';
import type { ServerIdentity } from './identity.js';

/** More servers in a row are no relay but a loop whose stream changes its name each time. */
const MAX_HOPS = 16;
const SEPARATOR = ',';
const MARK = 12;

/**
 * The way that a relayed stream came: a mark for each server and name, which one server tells the next on `connect`.
 * Addresses cannot tell a loop (names, containers, balancers), and with takeover a stream that comes back would throw
 * out its own publisher.
 */
export class RelayTrail {
  constructor(private readonly identity: ServerIdentity) {}

  /** What the next server is told. @param key `vhost/app/stream`. @param before the trail that came with the publisher. */
  onward(key: string, before = ''): string {
    const mark = this.#mark(key);
    return before === '' ? mark : before + SEPARATOR + mark;
  }

  /** @throws {RefusedError} FORWARD_LOOP when the stream was here before under this name. */
  check(key: string, trail: string): void {
    const marks = trail.split(SEPARATOR);
    if (marks.includes(this.#mark(key)))
      throw new RefusedError('FORWARD_LOOP', 'this stream comes from here: it is relayed in a circle');
    if (trail.length + 1 >= MAX_HOPS * (MARK + 1))
      throw new RefusedError('FORWARD_LOOP', `this stream was relayed ${MAX_HOPS} times, which must be a circle`);
  }

  /** By the run of the server: two servers may well have the same name. */
  #mark(key: string): string {
    return createHash('sha256').update(`${this.identity.service} ${key}`).digest('hex').slice(0, MARK);
  }
}
