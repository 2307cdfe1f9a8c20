import dns, { type LookupAddress, type LookupAllOptions, type LookupOneOptions } from 'node:dns';

type Answer = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** Lookups that the system has not answered yet, by name and options, with all who wait for each. */
const pending = new Map<string, Answer[]>();

/**
 * The address of a name, as `net.connect` asks for it, but one question at a time for each name: the system answers two
 * at once, a dead name server takes many seconds for each, and a peer that is tried again and again would fill its queue.
 */
export function lookup(name: string, options: LookupOneOptions | LookupAllOptions, answer: Answer): void {
  const key = `${name} ${JSON.stringify(options)}`;
  const waiting = pending.get(key);
  if (waiting !== undefined) return void waiting.push(answer);
  const all = [answer];
  pending.set(key, all);
  dns.lookup(
    name,
    options,
    (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => {
      pending.delete(key);
      for (const one of all) one(error, address, family);
    },
  );
}
