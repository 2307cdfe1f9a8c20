import type { ValueRow } from './table.js';

/** What stands in place of a secret. */
const HIDDEN = '***';

/**
 * A value as others may see it: of a secret only that there is one, of a URL neither user and password nor the query,
 * where tokens travel.
 */
export function maskValue(row: ValueRow, value: unknown): unknown {
  if (isSecret(row)) return value === row.default ? value : HIDDEN; // that there is none is no secret
  if (Array.isArray(value)) return value.map(maskUrl);
  return maskUrl(value);
}

export const isSecret = (row: ValueRow): row is ValueRow & { readonly type: 'string' } =>
  row.type === 'string' && row.secret === true;

const maskUrl = (value: unknown): unknown =>
  typeof value === 'string' && value.includes('://')
    ? value.replace(/:\/\/[^/?#]*@/, `://${HIDDEN}@`).replace(/\?.*/s, `?${HIDDEN}`)
    : value;
