import { unitOf } from './read-value.js';
import { boundsOf } from './schema.js';
import { camelCase, type DirectiveTable, type NamedRow, type ValueRow } from './table.js';

/** A directive as the operator writes it. */
interface DocRow {
  readonly name: string;
  readonly row: ValueRow;
  /** Place in the typed configuration of its scope: `/publish/mrLatency`. */
  readonly path: string;
  /** Its other spellings, with the blocks around them: `vhost publish_normal_timeout`. */
  readonly also: readonly string[];
}

/** A block as it stands in the file: by the preferred spelling of each setting, not by the typed configuration. */
export interface DocBlock {
  /** Words before `{`; undefined for the file itself. */
  readonly opens: string | undefined;
  /** Of a block that occurs once for each ID: its place in the typed configuration of the scope around it. */
  readonly each?: string;
  readonly doc: string;
  readonly rows: DocRow[];
  readonly blocks: DocBlock[];
}

/** Sorts a table into the blocks of the file. */
export function documented(rows: DirectiveTable): DocBlock {
  const file: DocBlock = { opens: undefined, doc: '', rows: [], blocks: [] };
  fill(file, rows, '', '');
  return file;
}

function fill(scope: DocBlock, rows: DirectiveTable, written: string, place: string): void {
  for (const [name, row] of Object.entries(rows)) {
    const path = `${place}/${camelCase(name)}`;
    if (row.type === 'block') fill(scope, row.rows, `${written}${name}.`, path);
    else if (row.type === 'named') scope.blocks.push(namedBlock(name, row, path));
    else {
      const [preferred = '', ...also] = row.spelled ?? [`${written}${name}`];
      const [last = '', ...blocks] = preferred.split('.').reverse();
      const around = scope.opens === undefined ? '' : `${scope.opens.split(' ')[0]} `;
      const others = also.map((spelling) => around + spelling.replaceAll('.', ' '));
      blockAt(scope, blocks.reverse()).rows.push({ name: last, row, path, also: others });
    }
  }
}

function namedBlock(name: string, row: NamedRow, each: string): DocBlock {
  const block = { opens: `${row.spelled?.[0] ?? name} ${row.example}`, each, doc: row.doc, rows: [], blocks: [] };
  fill(block, row.rows, '', '');
  return block;
}

function blockAt(scope: DocBlock, [name, ...rest]: readonly string[]): DocBlock {
  if (name === undefined) return scope;
  const known = scope.blocks.find(({ opens }) => opens === name);
  const block = known ?? { opens: name, doc: '', rows: [], blocks: [] };
  if (!known) scope.blocks.push(block);
  return blockAt(block, rest);
}

/** What follows the name: `on | off`, `128 … 65536 bytes`. */
export function printArgs(row: ValueRow): string {
  switch (row.type) {
    case 'onoff':
      return 'on | off';
    case 'enum':
      return row.values.join(' | ');
    case 'listen':
      return '[address:]port …';
    case 'strings':
      return 'text …';
    case 'pairs':
      return '{ name value; … }';
    case 'string':
      return 'text';
    case 'integer':
    case 'bytes':
    case 'number':
    case 'ms':
    case 'seconds': {
      const { min, max } = boundsOf(row);
      const range = row.max === undefined ? `from ${min}` : `${min} … ${max}`;
      return `${row.default === undefined ? 'auto | ' : ''}${range} ${unitOf[row.type]}`.trimEnd();
    }
    default:
      return row satisfies never;
  }
}

/** The default as it would be written. */
export function printDefault(row: ValueRow): string {
  switch (row.type) {
    case 'onoff':
      return row.default ? 'on' : 'off';
    case 'listen':
      return row.example;
    case 'strings':
    case 'pairs':
      return row.default.join(' ');
    default:
      return String(row.default ?? 'auto');
  }
}
