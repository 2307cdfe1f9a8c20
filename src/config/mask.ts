import type { ValueRow } from './table.js';

/** What stands in place of a secret. */
const HIDDEN = '***';

/**
 * A value as others may see it: of a secret only that there is one, of a URL neither user and password nor the query,
 * where tokens travel.
 */
export function maskValue(row: ValueRow, value: unknown): unknown {
  if (isSecret(row)) return value === row.default ? value : HIDDEN; // that there is none is no secret
  return maskTexts(value);
}

export const isSecret = (row: ValueRow): row is ValueRow & { readonly type: 'string' } =>
  row.type === 'string' && row.secret === true;

/** Of an RTMP URL the last name is hidden as well, since it is the stream key, unless it is the variable for the stream. */
export function maskUrl(text: string): string {
  if (!text.includes('://')) return text;
  const masked = text.replace(/:\/\/[^/?#]*@/, `://${HIDDEN}@`).replace(/\?.*/s, `?${HIDDEN}`);
  const keyBefore = /^rtmps?:/i.test(text) && !/\?.*\//s.test(text);
  return keyBefore ? masked.replace(/\/(?!\[stream\](\?|$))[^/?]*(\?\*\*\*)?$/, `/${HIDDEN}$2`) : masked;
}

function maskTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => maskTexts(item));
  return typeof value === 'string' ? maskUrl(value) : value;
}
