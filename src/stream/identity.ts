import { createHash, randomBytes } from 'node:crypto';

/** Who this server is, in the API, in hooks and in reports to a manager. */
export interface ServerIdentity {
  /** Names the server. */
  readonly server: string;
  /** Names this run of it. */
  readonly service: string;
  readonly pid: string;
}

/** @param server its name over restarts; empty: every run has another. */
export function identify(server: string): ServerIdentity {
  const id = () => randomBytes(4).toString('hex');
  return { server: server || `vid-${id()}`, service: id(), pid: `${process.pid}` };
}

const ids = new Map<string, string>();
const REMEMBERED = 10_000;

/**
 * The id of a vhost or stream in the API and in hooks: the same as long as the server keeps its name.
 * @param key name of a vhost, or key of a stream.
 */
export function idOf({ server }: ServerIdentity, key: string): string {
  const text = `${server} ${key}`;
  let id = ids.get(text);
  if (id === undefined) {
    if (ids.size >= REMEMBERED) ids.clear();
    id = `vid-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
    ids.set(text, id);
  }
  return id;
}
