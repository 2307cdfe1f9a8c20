import { AddressSet } from '../../kernel/index.js';

type Matches = (use: 'publish' | 'play', address: string) => boolean;

/** One rule as written: `play 10.0.0.0/8`, `publish all`. @returns undefined when it is none. */
function readRule(text: string): Matches | undefined {
  const [use, target = ''] = text.split(' ');
  if (target === 'all') return (asked) => asked === use;
  const addresses = new AddressSet([target]);
  if (addresses.unreadable.length > 0) return undefined;
  return (asked, address) => asked === use && addresses.has(address);
}

const nobody: Matches = () => false;
const everybody: Matches = () => true;

/** Rules of `security { … }`: one allow must match, and no deny. One that can not be read works against the client. */
export class AddressRules {
  readonly #allow: readonly Matches[];
  readonly #deny: readonly Matches[];

  constructor(allow: readonly string[], deny: readonly string[]) {
    this.#allow = allow.map((text) => readRule(text) ?? nobody);
    this.#deny = deny.map((text) => readRule(text) ?? everybody);
  }

  permits(use: 'publish' | 'play', address: string): boolean {
    const hit = (matches: Matches) => matches(use, address);
    return this.#allow.some(hit) && !this.#deny.some(hit);
  }
}
