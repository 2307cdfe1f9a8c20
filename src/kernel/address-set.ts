import { BlockList, isIP } from 'node:net';

/** Addresses and ranges: `10.0.0.0/8`, `192.0.2.7`, `fd00::/8`. */
export class AddressSet {
  readonly #list = new BlockList();
  /** What could not be read; it matches nothing. */
  readonly unreadable: string[] = [];

  constructor(targets: readonly string[]) {
    for (const target of targets) if (!this.#add(target)) this.unreadable.push(target);
  }

  #add(target: string): boolean {
    const [start = '', bits] = target.split('/');
    const family = isIP(start);
    const width = family === 6 ? 128 : 32;
    const prefix = bits === undefined ? width : Number(bits);
    if (family === 0 || !(prefix <= width)) return false;
    this.#list.addSubnet(start, prefix, family === 6 ? 'ipv6' : 'ipv4');
    return true;
  }

  has(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

const sets = new WeakMap<readonly string[], AddressSet>();

/** The set of a list of the configuration, made once. */
export function addressSetOf(targets: readonly string[]): AddressSet {
  let set = sets.get(targets);
  if (set === undefined) {
    set = new AddressSet(targets);
    sets.set(targets, set);
  }
  return set;
}
