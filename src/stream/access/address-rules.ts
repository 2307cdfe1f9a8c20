import { BlockList, isIP } from 'node:net';

type Matches = (use: 'publish' | 'play', address: string) => boolean;

/** One rule as written: `play 10.0.0.0/8`, `publish all`. @returns undefined when it is none. */
function readRule(text: string): Matches | undefined {
  const [use, target = ''] = text.split(' ');
  if (target === 'all') return (asked) => asked === use;
  const [start = '', bits] = target.split('/');
  const family = isIP(start);
  const width = family === 6 ? 128 : 32;
  const prefix = bits === undefined ? width : Number(bits);
  if (family === 0 || !(prefix <= width)) return undefined;
  const list = new BlockList();
  list.addSubnet(start, prefix, family === 6 ? 'ipv6' : 'ipv4');
  return (asked, address) => {
    const kind = isIP(address);
    return asked === use && kind !== 0 && list.check(address, kind === 6 ? 'ipv6' : 'ipv4');
  };
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
