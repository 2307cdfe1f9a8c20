import type { Ms, Seconds } from '../core/index.js';
import type { ListenAddress } from './address.js';
import type { Form } from './forms.js';

/** What a running server does when a reload brings another value. */
export const reloadRules = {
  live: 'at once, for running connections too',
  next: 'for connections made afterwards',
  relisten: 'listeners that changed are closed and opened; connections stay',
  reopen: 'the old file is closed, the new one opened',
  never: 'only by a restart',
  refused: 'not at all: such a reload is refused',
} as const;

/** Release of the original that brought the directive; `own` is new here. */
export type Since = 1 | 2 | 3 | 4 | 5 | 6 | 'own';

interface RowBase {
  /** One or two sentences for docs/config.md and conf/full.conf. */
  readonly doc: string;
  /**
   * Every way to write it: dotted paths within the enclosing named block (or the file), the preferred first.
   * Left out: the path of the row itself.
   */
  readonly spelled?: readonly string[];
}

interface ValueRowBase extends RowBase {
  readonly reload: keyof typeof reloadRules;
  /** Left out: 1. */
  readonly since?: Since;
  /** Where it is missing, the value of the same directive one named block further out is taken. */
  readonly inherit?: true;
}

/** Only the exact text that differs from the default changes it; any other keeps it, with a warning. */
interface OnOffRow extends ValueRowBase {
  readonly type: 'onoff';
  readonly default: boolean;
  /** It guards a door: a word that is neither is an error, since the door would be open. */
  readonly guards?: true;
  /** What is not enabled does something as well, so a block without it gets no warning. */
  readonly actsOff?: true;
}

/** A number, inclusive bounds. `integer` and `bytes` are whole, the others may be fractional. */
interface NumberRow extends ValueRowBase {
  readonly type: 'integer' | 'bytes' | 'number' | 'ms' | 'seconds';
  /** Undefined: the program chooses by itself, and the operator may write `auto`. */
  readonly default: number | undefined;
  readonly min?: number;
  readonly max?: number;
  /** The original takes less: such a value becomes the least, with a warning. */
  readonly raise?: true;
}

interface StringRow extends ValueRowBase {
  readonly type: 'string';
  readonly default: string;
  /** Never shown: not in the log, not in a masked dump. */
  readonly secret?: true;
  readonly form?: Form;
}

interface StringsRow extends ValueRowBase {
  readonly type: 'strings';
  readonly default: readonly string[];
  /**
   * Every directive of the name adds to the list: one item, its words joined by a space, or one item for each word.
   * Left out: the first directive gives all items.
   */
  readonly each?: 'directive' | 'word';
  /** Of each item. */
  readonly form?: Form;
  /** Items of other releases: those that match are left out, with a warning. */
  readonly leaveOut?: { readonly pattern: string; readonly note: string };
}

interface EnumRow extends ValueRowBase {
  readonly type: 'enum';
  readonly values: readonly string[];
  readonly default: string;
}

/** A block of `name value;`, whose names are free: options of another program, in the order in which they stand. */
interface PairsRow extends ValueRowBase {
  readonly type: 'pairs';
  readonly default: readonly Pair[];
}

/** A name and its value; '' where none was written. */
export type Pair = readonly [name: string, value: string];

/** `[ip:]port …`. */
interface ListenRow extends ValueRowBase {
  readonly type: 'listen';
  readonly required: boolean;
  /** Stands in conf/full.conf; the default of a row that is not required. */
  readonly example: string;
}

/** A block that occurs once. */
interface BlockRow extends RowBase {
  readonly type: 'block';
  readonly rows: DirectiveTable;
}

/** `name ID { … }`, any number of times, each with its own ID, which is '' where it is left out. */
export interface NamedRow extends RowBase {
  readonly type: 'named';
  readonly rows: DirectiveTable;
  readonly later: LaterTable;
  /** The ID is the name of a host: two that are one to clients are an error. */
  readonly host?: true;
  /** A repeated ID is an error; elsewhere the first counts and the repeat gets a warning. */
  readonly unique?: true;
  /** The ID may be left out. */
  readonly optional?: true;
  /** Stands in conf/full.conf as ID. */
  readonly example: string;
}

export type ValueRow = OnOffRow | NumberRow | StringRow | StringsRow | EnumRow | PairsRow | ListenRow;
export type Row = ValueRow | BlockRow | NamedRow;

/** Everything that may stand in a block, by name. */
export interface DirectiveTable {
  readonly [name: string]: Row;
}

/** Names that other releases know and this program does not act on (yet); dotted paths as in `spelled`. */
export interface LaterTable {
  readonly [path: string]: {
    readonly since: Exclude<Since, 'own'>;
    /** What the operator should know beyond "not supported yet". */
    readonly note?: string;
    /** Why it will have no effect here in any release. */
    readonly never?: string;
  };
}

interface Scalars {
  onoff: boolean;
  integer: number;
  bytes: number;
  number: number;
  ms: Ms;
  seconds: Seconds;
  string: string;
  strings: readonly string[];
  pairs: readonly Pair[];
  listen: readonly ListenAddress[];
}

type CamelCase<S> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : S;

type ValueOf<R> = R extends { type: 'enum'; values: readonly (infer V)[] }
  ? V
  : R extends { type: 'block'; rows: infer T }
    ? ConfigOf<T>
    : R extends { type: 'named'; rows: infer T }
      ? ReadonlyMap<string, { readonly name: string } & ConfigOf<T>>
      : R extends { type: infer K extends keyof Scalars }
        ? Scalars[K] | (R extends { default: undefined } ? undefined : never)
        : never;

/** The typed configuration that a table describes: `gop_cache` becomes `gopCache`. */
export type ConfigOf<T> = { readonly [K in keyof T as CamelCase<K>]: ValueOf<T[K]> };

/** The key of a row in the typed configuration. */
export const camelCase = (name: string): string => name.replaceAll(/_(.)/g, (_, c: string) => c.toUpperCase());
