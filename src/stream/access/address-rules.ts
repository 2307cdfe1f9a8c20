import { AddressSet, isLoopback } from '../../kernel/index.js';

type Matches = (use: 'publish' | 'play', address: string) => boolean;

/** One rule as written: `play 10.0.0.0/8`, `publish all`. @returns undefined when it is none. */
function readRule(text: string): Matches | undefined {
  const [use, target = ''] = text.split(' ');
  if (target === 'all') return (asked) => asked === use;
  const addresses = new AddressSet([target]);
  if (addresses.unreadable.length > 0) return undefined;
  return (asked, address) => asked === use && addresses.has(address);
}

/** No client has it (RFC 1122 §3.2.1.3); only `all` and ranges of everything hold it. */
const NOBODY = '0.0.0.0';

const nobody: Matches = () => false;
const everybody: Matches = () => true;

/** Rules of `security { … }`: one allow must match, and no deny. One that cannot be read works against the client. */
export class AddressRules {
  readonly #allow: readonly Matches[];
  readonly #deny: readonly Matches[];

  constructor(allow: readonly string[], deny: readonly string[]) {
    this.#allow = allow.map((text) => readRule(text) ?? nobody);
    this.#deny = deny.map((text) => readRule(text) ?? everybody);
  }

  /** @param isProxy whoever is behind the address: the loopback of a proxy on this machine lets nobody in. */
  permits(use: 'publish' | 'play', address: string, isProxy = false): boolean {
    const shown = isProxy && isLoopback(address) ? NOBODY : address;
    return this.#allow.some((matches) => matches(use, shown)) && !this.#deny.some((matches) => matches(use, address));
  }
}
