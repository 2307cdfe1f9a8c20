import dns, { type LookupAddress, type LookupAllOptions, type LookupOneOptions } from 'node:dns';
import { RefusedError } from '../kernel/index.js';

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

/** The same, but only of addresses that `may` be connected to. A name that has no other fails. */
export const lookupWhere =
  (may: (address: string) => boolean): typeof lookup =>
  (name, options, answer) =>
    lookup(name, options, (error, address, family) => {
      if (error !== null) return answer(error, address, family);
      const allowed = Array.isArray(address) ? address.filter((one) => may(one.address)) : may(address) && address;
      if (allowed === false || allowed.length === 0) answer(denied(name), address, family);
      else answer(null, allowed, family);
    });

export const denied = (host: string): RefusedError =>
  new RefusedError('ADDRESS_PRIVATE', `${host} is an address of this machine or of a private network`);
