import type { ErrorObject, ValidateFunction } from 'ajv';
import { parseAddress } from './address.js';
import { maskUrl } from './mask.js';
import { didYouMean } from './near-miss.js';
import type { Problems } from './problems.js';
import type { Reading } from './read-scope.js';
import { unitOf } from './read-value.js';
import { boundsOf, compileRows } from './schema.js';
import { camelCase, type DirectiveTable, type ValueRow } from './table.js';
import { type Position, show, type Token } from './tree.js';

type Values = Record<string, unknown>;

/** Fills in defaults, holds every value against its bounds, and freezes the result. */
export function settle(rows: DirectiveTable, reading: Reading, whole: Position, problems: Problems): Values {
  return new Settler(whole, problems).scope(rows, reading, undefined, {});
}

class Settler {
  constructor(
    /** Where a missing directive is reported. */
    private readonly whole: Position,
    private readonly problems: Problems,
  ) {}

  /** @param outer the values of the enclosing scope. @param extra what the result holds besides. */
  scope(rows: DirectiveTable, reading: Reading, outer: Values | undefined, extra: Values): Values {
    const values = { ...extra, ...this.#fill(rows, reading, outer, '') };
    this.#validate(rows, reading, values);
    for (const [name, row] of Object.entries(rows)) {
      if (row.type !== 'named') continue;
      const blocks = reading.named.get(`/${camelCase(name)}`) ?? [];
      const settled = [...blocks].map(
        ([id, block]) => [id, this.scope(row.rows, block, values, { name: id })] as const,
      );
      values[camelCase(name)] = new Map(settled);
    }
    return Object.freeze(values);
  }

  #fill(rows: DirectiveTable, reading: Reading, outer: Values | undefined, prefix: string): Values {
    const values: Values = {};
    for (const [name, row] of Object.entries(rows)) {
      const key = camelCase(name);
      const path = `${prefix}/${key}`;
      if (row.type === 'block')
        values[key] = Object.freeze(this.#fill(row.rows, reading, outer?.[key] as Values | undefined, path));
      else if (row.type !== 'named') values[key] = freezeList(this.#value(name, row, reading, outer?.[key], path));
    }
    return values;
  }

  #value(name: string, row: ValueRow, reading: Reading, inherited: unknown, path: string): unknown {
    const found = reading.found.get(path);
    if (found?.written) return found.written.value;
    if (row.type === 'listen') {
      if (found) return [];
      if (!row.required) return [parseAddress(row.example)];
      if (!this.problems.incomplete)
        this.problems.error(this.whole, `${name} is missing: write at least "${name} ${row.example};"`);
      return [];
    }
    return row.inherit ? (inherited ?? row.default) : row.default;
  }

  #validate(rows: DirectiveTable, reading: Reading, values: Values): void {
    const validate = validatorOf(rows);
    if (validate(values)) return;
    const told = new Set<string>();
    for (const error of validate.errors ?? []) {
      const wrong = wordOf(error, reading);
      // What was not written here is a default, or inherited and reported where it was written.
      if (wrong === undefined || told.has(error.instancePath)) continue;
      told.add(error.instancePath);
      this.problems.error(wrong.word.at, describe(error, rows, wrong));
    }
  }
}

interface WrongWord {
  readonly name: string;
  readonly path: string;
  readonly word: Token;
  /** The value with all its words: a rule has two of them. */
  readonly text: string;
}

/** The word in the file that a complaint of ajv is about. */
function wordOf({ instancePath }: ErrorObject, reading: Reading): WrongWord | undefined {
  for (const [path, { directive, written }] of reading.found) {
    if (instancePath !== path && !instancePath.startsWith(`${path}/`)) continue;
    const index = Number(instancePath.slice(path.length + 1).split('/')[0] || 0);
    const word = written?.words[index];
    if (written === undefined || word === undefined) continue;
    const item: unknown = Array.isArray(written.value) ? written.value[index] : undefined;
    return { name: directive.name, path, word, text: typeof item === 'string' ? item : word.text };
  }
  return undefined;
}

function describe(error: ErrorObject, rows: DirectiveTable, { name, path, ...wrong }: WrongWord): string {
  const row = rowAt(rows, path);
  const text = show(maskUrl(wrong.text));
  switch (row?.type) {
    case 'enum':
      return `${name} is one of ${row.values.join(', ')}, not "${text}"${didYouMean(wrong.text, row.values)}`;
    case 'string':
    case 'strings':
      return `${name} must be ${row.form?.rule ?? 'another text'}, not "${text}"`;
    case 'listen':
      return `${name} "${text}": a port is 1 to 65535`;
    case 'integer':
    case 'bytes':
    case 'number':
    case 'ms':
    case 'seconds': {
      const { min, max } = boundsOf(row);
      const unit = unitOf[row.type];
      return `${name} is ${min} to ${max}${unit === '' ? '' : ` ${unit}`}, not "${text}"`;
    }
    default:
      return `${name} "${text}": ${error.message ?? 'not possible'}`;
  }
}

function rowAt(rows: DirectiveTable, path: string): ValueRow | undefined {
  const [, key, ...rest] = path.split('/');
  const row = Object.entries(rows).find(([name]) => camelCase(name) === key)?.[1];
  if (row?.type === 'block') return rowAt(row.rows, `/${rest.join('/')}`);
  return row?.type === 'named' ? undefined : row;
}

const validators = new WeakMap<DirectiveTable, ValidateFunction>();

function validatorOf(rows: DirectiveTable): ValidateFunction {
  let validate = validators.get(rows);
  if (!validate) {
    validate = compileRows(rows);
    validators.set(rows, validate);
  }
  return validate;
}

function freezeList(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  for (const item of value) Object.freeze(item);
  return Object.freeze(value);
}
