import { canonicalHost, clash, type ListenAddress, splitAddress } from './address.js';
import type { Problems } from './problems.js';
import { boundsOf } from './schema.js';
import type { Pair, ValueRow } from './table.js';
import { type Directive, show, type Token } from './tree.js';

/** A value as written, not yet held against its bounds. */
export interface Written {
  readonly value: unknown;
  /** The word of the value; of a list, the word of each item. */
  readonly words: readonly Token[];
}

/**
 * Words → value, by the type of the row. Like the original it takes the number at the start of `10s`; unlike it, it
 * says so. @returns undefined when the directive changes nothing: it has no value, or a wrong one that was reported.
 */
export function readValue(row: ValueRow, directive: Directive, problems: Problems): Written | undefined {
  const [word, second] = directive.args;
  if (row.type === 'listen') return readListen(directive, problems);
  if (row.type === 'pairs') return readPairs(directive, problems);
  if (row.type === 'strings' && row.each === 'directive') {
    const text = directive.args.map((arg) => arg.text).join(' ');
    if (row.leaveOut !== undefined && new RegExp(row.leaveOut.pattern).test(text)) {
      problems.warn(directive.at, `${directive.name} ${show(text)} ${row.leaveOut.note}`);
      return { value: [], words: [] };
    }
    return { value: text === '' ? [] : [text], words: directive.args.slice(0, 1) };
  }
  if (row.type === 'strings') return { value: directive.args.map((arg) => arg.text), words: directive.args };
  if (word === undefined) {
    problems.warn(directive.at, `${show(directive.name)} has no value, so it changes nothing`);
    return undefined;
  }
  if (second) problems.warn(second.at, `${show(directive.name)} takes one value, the rest is ignored`);
  const value = readWord(row, directive.name, word, problems);
  return value === undefined ? undefined : { value, words: [word] };
}

function readWord(
  row: Exclude<ValueRow, { type: 'listen' | 'strings' | 'pairs' }>,
  name: string,
  word: Token,
  problems: Problems,
): unknown {
  switch (row.type) {
    case 'onoff': {
      if (word.text === 'on') return true;
      if (word.text === 'off') return false;
      const wrong = `${name} is on or off, not "${show(word.text)}"`;
      if (row.guards) problems.error(word.at, wrong);
      else problems.warn(word.at, `${wrong}; it stays ${row.default ? 'on' : 'off'}`);
      return row.default;
    }
    case 'integer':
    case 'bytes':
      return readNumber(/^\s*([+-]?\d+)(.*)$/s, row, name, word, problems);
    case 'number':
    case 'ms':
    case 'seconds':
      return readNumber(/^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(.*)$/s, row, name, word, problems);
    case 'string':
    case 'enum':
      return word.text;
    default:
      return row satisfies never;
  }
}

/** What a bare number of this type counts. */
export const unitOf = { integer: '', bytes: 'bytes', number: '', ms: 'milliseconds', seconds: 'seconds' } as const;

function readNumber(
  prefix: RegExp,
  row: Extract<ValueRow, { type: keyof typeof unitOf }>,
  name: string,
  word: Token,
  problems: Problems,
): number | undefined {
  if (row.default === undefined && word.text === 'auto') return undefined;
  const [, digits, junk] = prefix.exec(word.text) ?? [];
  if (digits === undefined) {
    problems.error(word.at, `${name} needs a number${inUnit(row.type)}, not "${show(word.text)}"`);
    return undefined;
  }
  if (junk !== '') {
    const taken = `${Number(digits)} ${unitOf[row.type]}`.trimEnd();
    problems.warn(word.at, `${name} "${show(word.text)}": only the number counts, so it is ${taken}`);
  }
  const number = Number(digits);
  const { min } = boundsOf(row);
  if (row.raise === undefined || number <= 0 || number >= min) return number;
  problems.warn(
    word.at,
    `${name} "${show(word.text)}" is less than can be, so it is ${`${min} ${unitOf[row.type]}`.trimEnd()}`,
  );
  return min;
}

const inUnit = (type: keyof typeof unitOf): string => (unitOf[type] === '' ? '' : ` of ${unitOf[type]}`);

/** Any names, any order, repeats too: what they mean is up to the program that gets them. */
function readPairs({ name: block, block: inner = [] }: Directive, problems: Problems): Written {
  const value = inner.flatMap(({ name, args, block: nested, at }): Pair[] => {
    const [first, second] = args;
    if (nested) problems.error(at, `${show(name)} in ${block} takes a value, not a block`);
    if (second) problems.warn(second.at, `${show(name)} takes one value, the rest is ignored`);
    return [[name, first?.text ?? '']];
  });
  return { value, words: [] };
}

function readListen(directive: Directive, problems: Problems): Written {
  const words: Token[] = [];
  const value: ListenAddress[] = [];
  const byPort = new Map<number, ListenAddress[]>();
  const name = show(directive.name);
  if (directive.args.length === 0) problems.error(directive.at, `${name} needs at least one port`);
  for (const word of directive.args) {
    const address = readAddress(name, word, problems);
    if (address === undefined) continue;
    const neighbours = byPort.get(address.port) ?? [];
    const refused = neighbours.map((other) => clash(other, address)).find((reason) => reason !== undefined);
    if (refused !== undefined) {
      problems.error(word.at, `${name}: ${refused}`);
      continue;
    }
    byPort.set(address.port, [...neighbours, address]);
    words.push(word);
    value.push(address);
  }
  return { value, words };
}

function readAddress(name: string, word: Token, problems: Problems): ListenAddress | undefined {
  const split = splitAddress(word.text);
  const fail = (text: string): undefined => void problems.error(word.at, `${name} "${show(word.text)}": ${text}`);
  if (split === undefined) return fail('write an IPv6 address in brackets, [ADDRESS]:PORT');
  const host = split.host === '' ? '0.0.0.0' : canonicalHost(split.host);
  if (host === undefined) return fail(`"${show(split.host)}" is not an IP address`);
  const [, digits, junk] = /^(\d+)(.*)$/s.exec(split.port) ?? [];
  if (digits === undefined) return fail('a port is a number');
  if (junk !== '') problems.warn(word.at, `${name} "${show(word.text)}": only the number counts, so it is ${digits}`);
  return { host, port: Number(digits) };
}
