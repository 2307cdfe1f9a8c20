import { camelCase, type DirectiveTable, type LaterTable, type NamedRow, type ValueRow } from './table.js';

/** One value of the configuration, wherever and however it is written. */
export interface Setting {
  /** Place in the typed configuration of its scope: `/publish/mrLatency`. */
  readonly path: string;
  readonly row: ValueRow;
}

/** What a directive name means at one place of the file: several things, if it may be written in several forms. */
export interface Word {
  setting?: Setting;
  /** `name ID { … }` */
  named?: NamedScope;
  /** Names within `name { … }`. */
  inside?: Words;
  later?: LaterTable[string];
}

export type Words = Map<string, Word>;

/** A file, or one named block of it: where settings have their own values. */
export interface Scope {
  readonly rows: DirectiveTable;
  readonly words: Words;
}

export interface NamedScope extends Scope {
  /** Place of the blocks in the typed configuration: `/vhosts`. */
  readonly path: string;
  readonly optional: boolean;
  readonly unique: boolean;
  readonly host: boolean;
}

/** Turns tables inside out: from what the configuration holds to what the operator may write. */
export function scopeOf(rows: DirectiveTable, later: LaterTable): Scope {
  const words: Words = new Map();
  for (const [path, note] of Object.entries(later)) wordAt(words, path).later = note;
  addRows(words, rows, '', '');
  return { rows, words };
}

function addRows(words: Words, rows: DirectiveTable, written: string, path: string): void {
  for (const [name, row] of Object.entries(rows)) {
    const own = { written: written + name, path: `${path}/${camelCase(name)}` };
    if (row.type === 'block') addRows(words, row.rows, `${own.written}.`, own.path);
    else for (const spelling of row.spelled ?? [own.written]) addRow(wordAt(words, spelling), row, own.path);
  }
}

function addRow(word: Word, row: ValueRow | NamedRow, path: string): void {
  if (row.type === 'named')
    word.named = {
      ...scopeOf(row.rows, row.later),
      path,
      optional: row.optional === true,
      unique: row.unique === true,
      host: row.host === true,
    };
  else word.setting = { path, row };
}

/** The word of a dotted path, made where it is missing. */
function wordAt(words: Words, path: string): Word {
  const [name = '', ...rest] = path.split('.');
  const word = words.get(name) ?? {};
  words.set(name, word);
  if (rest.length === 0) return word;
  word.inside ??= new Map();
  return wordAt(word.inside, rest.join('.'));
}

/** name → blocks in which it may stand, for "belongs in vhost"; nobody is led into a block that is only an old spelling. */
export function placesOf({ words }: Scope): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, string[]>();
  const visit = (inner: Words, place: string, dotted: string): void => {
    for (const [name, word] of inner) {
      const own = dotted + name;
      if (isOld(word, own)) continue;
      places.set(name, [...(places.get(name) ?? []), place]);
      if (word.inside) visit(word.inside, place === '' ? name : `${place} ${name}`, `${own}.`);
      if (word.named) visit(word.named.words, name, '');
    }
  };
  visit(words, '', '');
  return places;
}

/** What is in a block of old spellings, such as `pithy_print { play }`, and such a block itself. */
function isOld({ setting, named, inside }: Word, dotted: string): boolean {
  if (setting) return dotted.includes('.') && setting.row.spelled !== undefined && setting.row.spelled[0] !== dotted;
  if (named || inside === undefined) return false;
  return [...inside].every(([name, word]) => isOld(word, `${dotted}.${name}`));
}
