import { isDeepStrictEqual } from 'node:util';
import { printAddress } from '../core/index.js';
import type { ListenAddress } from './address.js';
import { isSecret, maskValue } from './mask.js';
import { camelCase, type DirectiveTable, type Pair, type reloadRules, type ValueRow } from './table.js';
import { type Config, root } from './tables/root.js';

/** One setting that differs between two configurations, or a named block that came or went. */
export interface Change {
  /** As an operator would say it: `vhost live.example.com publish grace`. */
  readonly path: string;
  /** The two values, masked; both are missing for a secret. */
  readonly from?: unknown;
  readonly to?: unknown;
  readonly secret?: true;
  readonly how: keyof typeof reloadRules | 'added' | 'removed';
}

type Values = Readonly<Record<string, unknown>>;
type Blocks = ReadonlyMap<string, Values>;

/** What a reload from `before` to `after` has to do, in the order of the tables. */
export function planReload(before: Config, after: Config): readonly Change[] {
  return [...compare(root, before as unknown as Values, after as unknown as Values, '', '')];
}

/** @param named the block with a name around all this. @param around the same, with the blocks inside it that are open. */
function* compare(
  rows: DirectiveTable,
  before: Values,
  after: Values,
  named: string,
  around: string,
): Iterable<Change> {
  for (const [name, row] of Object.entries(rows)) {
    const key = camelCase(name);
    const from = before[key];
    const to = after[key];
    // A spelling is a path from the block with a name on.
    const path = row.spelled?.[0] === undefined ? around + name : named + row.spelled[0].replaceAll('.', ' ');
    if (row.type === 'block') yield* compare(row.rows, from as Values, to as Values, named, `${around}${name} `);
    else if (row.type === 'named') yield* compareBlocks(row.rows, from as Blocks, to as Blocks, path);
    else if (!isDeepStrictEqual(from, to)) yield changed(path, row, from, to);
  }
}

function* compareBlocks(rows: DirectiveTable, before: Blocks, after: Blocks, name: string): Iterable<Change> {
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const path = id === '' ? name : `${name} ${id}`;
    const from = before.get(id);
    const to = after.get(id);
    if (from === undefined) yield { path, from, to: id, how: 'added' };
    else if (to === undefined) yield { path, from: id, to, how: 'removed' };
    else yield* compare(rows, from, to, `${path} `, `${path} `);
  }
}

const changed = (path: string, row: ValueRow, from: unknown, to: unknown): Change =>
  isSecret(row)
    ? { path, secret: true, how: row.reload }
    : { path, from: maskValue(row, from), to: maskValue(row, to), how: row.reload };

/** A change as one short line for the log; secrets are not shown. */
export function printChange({ path, from, to, secret, how }: Change): string {
  if (how === 'added' || how === 'removed') return `${path} ${how}`;
  return secret ? `${path} changed` : `${path}: ${print(from)} → ${print(to)}`;
}

function print(value: unknown): string {
  if (value === true) return 'on';
  if (value === false) return 'off';
  if (value === undefined) return 'auto';
  if (value === '') return '""';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(printItem).join(', ');
  return String(value);
}

/** An item of a list, in the words of the file. */
function printItem(item: string | Pair | ListenAddress): string {
  if (typeof item === 'string') return item;
  return 'host' in item ? printAddress(item) : item.join(' ').trimEnd();
}
