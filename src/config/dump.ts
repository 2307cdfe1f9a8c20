import { printAddress } from '../core/index.js';
import type { ListenAddress } from './address.js';
import { type EffectiveBlock, type EffectiveValue, effective } from './effective.js';
import type { LoadedConfig } from './load.js';
import { printWord } from './print-tree.js';
import type { Pair } from './table.js';
import { show } from './tree.js';

export interface DumpOptions {
  /** Hides secrets and what URLs carry of them; then the dump is for reading only. */
  readonly mask?: boolean;
}

/** The configuration that is in force, as a file that loads to the same; behind each value its origin. */
export const dumpConfig = (loaded: LoadedConfig, { mask = false }: DumpOptions = {}): string =>
  blockLines(effective(loaded, mask))
    .map((line) => `${line}\n`)
    .join('');

function blockLines({ values, blocks }: EffectiveBlock): string[] {
  const lines = values.flatMap((value) => (value.pairs ? pairLines(value) : itemsOf(value).map(printLine)));
  for (const inner of blocks) {
    const head = `${inner.opens.map(printWord).join(' ')} {`;
    lines.push(head, ...blockLines(inner).map((line) => `    ${line}`), '}');
  }
  return lines;
}

const printLine = (value: EffectiveValue): string => `${printSetting(value)} # ${show(value.origin)}`;

function pairLines({ name, value, origin }: EffectiveValue): string[] {
  const pairs = value as readonly Pair[];
  const inner = pairs.map(
    (pair) =>
      `    ${pair
        .filter((word) => word !== '')
        .map(printWord)
        .join(' ')};`,
  );
  return [`${name} { # ${show(origin)}`, ...inner, '}'];
}

/** What one directive each says. */
function itemsOf(setting: EffectiveValue): EffectiveValue[] {
  const { value, each } = setting;
  if (!each || !Array.isArray(value) || value.length === 0) return [setting];
  return value.map((item: unknown) => ({ ...setting, value: [item] }));
}

/** A value that no file can give, such as an empty text, stands in a comment. */
function printSetting({ name, value }: EffectiveValue): string {
  const words = wordsOf(value);
  if (words === undefined || words.includes('')) return `# ${name} "";`;
  return `${[name, ...words.map(printWord)].join(' ')};`;
}

function wordsOf(value: unknown): string[] | undefined {
  if (value === undefined) return ['auto'];
  if (typeof value === 'boolean') return [value ? 'on' : 'off'];
  if (Array.isArray(value)) return value.flatMap((item) => wordsOf(item) ?? []);
  if (isAddress(value)) return [printAddress(value)];
  return [String(value)];
}

const isAddress = (value: unknown): value is ListenAddress =>
  typeof value === 'object' && value !== null && 'host' in value && 'port' in value;

/** One setting, and where it stands. */
interface DumpedSetting extends EffectiveValue {
  /** The blocks around it: `["vhost a", "play"]`. */
  readonly in: readonly string[];
}

/** The same as a list for programs: `[{ in: ["vhost a", "play"], name: "atc", value: false, origin: "default" }]`. */
export function dumpSettings(loaded: LoadedConfig, { mask = false }: DumpOptions = {}): DumpedSetting[] {
  const list = (block: EffectiveBlock, around: readonly string[]): DumpedSetting[] => [
    ...block.values.map((value) => ({ in: around, ...value, value: value.value ?? 'auto' })),
    ...block.blocks.flatMap((inner) => list(inner, [...around, inner.opens.join(' ')])),
  ];
  return list(effective(loaded, mask), []);
}
