import { Ajv, type Options, type ValidateFunction } from 'ajv';
import type { Form } from './forms.js';
import { camelCase, type DirectiveTable, type Row } from './table.js';

/** Timers hold 31 bits of milliseconds; a longer one would fire at once. */
const MAX_NUMBER = 2 ** 31 - 1;
const MAX_SECONDS = 2_000_000;

/** A validator of the typed configuration that a table describes; named blocks have validators of their own. */
export function compileRows(rows: DirectiveTable, options: Options = {}): ValidateFunction {
  const ajv = new Ajv({ allErrors: true, ...options });
  // No file can write an empty text: it is the default of what is not there.
  const validate = ({ fits }: Form, text: string): boolean => text === '' || fits(text);
  ajv.addKeyword({ keyword: 'form', type: 'string', schemaType: 'object', validate, errors: false });
  return ajv.compile(jsonSchemaOf(rows));
}

/** JSON schema (draft 7) with one keyword more: `form`. */
function jsonSchemaOf(rows: DirectiveTable): Record<string, unknown> {
  const properties: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(rows)) {
    const schema = schemaOf(row);
    if (schema !== undefined) properties[camelCase(name)] = { description: row.doc, ...schema };
  }
  return { type: 'object', properties };
}

function schemaOf(row: Row): Record<string, unknown> | undefined {
  switch (row.type) {
    case 'named':
      return undefined;
    case 'block':
      return jsonSchemaOf(row.rows);
    case 'onoff':
      return { type: 'boolean', default: row.default };
    case 'string':
      return { type: 'string', default: row.default, ...(row.form && { form: row.form }) };
    case 'strings':
      return {
        type: 'array',
        items: { type: 'string', ...(row.form && { form: row.form }) },
        default: row.default,
      };
    case 'pairs':
      return { type: 'array', items: { type: 'array', items: { type: 'string' } }, default: row.default };
    case 'enum':
      return { enum: row.values, default: row.default };
    case 'listen': {
      const port = { type: 'integer', minimum: 1, maximum: 65_535 };
      return { type: 'array', items: { type: 'object', properties: { host: { type: 'string' }, port } } };
    }
    case 'integer':
    case 'bytes':
    case 'number':
    case 'ms':
    case 'seconds': {
      const { min, max } = boundsOf(row);
      const type = row.type === 'integer' || row.type === 'bytes' ? 'integer' : 'number';
      return { type, minimum: min, maximum: max, ...(row.default === undefined ? {} : { default: row.default }) };
    }
    default:
      return row satisfies never;
  }
}

type NumberRow = Extract<Row, { min?: number }>;

/** Inclusive bounds; where the row gives none: 0, and what a timer can hold. */
export const boundsOf = ({ type, min, max }: NumberRow): { min: number; max: number } => ({
  min: min ?? 0,
  max: max ?? (type === 'seconds' ? MAX_SECONDS : MAX_NUMBER),
});
