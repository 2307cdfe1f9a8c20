import type { Pair, ValueRow } from './table.js';

/** What stands in place of a secret. */
const HIDDEN = '***';

/**
 * A value as others may see it: of a secret only that there is one, of a URL neither user and password nor the query,
 * where tokens travel.
 */
export function maskValue(row: ValueRow, value: unknown): unknown {
  if (isSecret(row)) return value === row.default ? value : HIDDEN; // that there is none is no secret
  return row.type === 'pairs' ? (value as readonly Pair[]).map(maskPair) : maskTexts(value);
}

/** Options of ffmpeg by which it shows who it is, or opens what is encrypted. */
const CREDENTIAL =
  /^(headers|cookies|passphrase|password|\w*_(password|passwd|pass|token|secret)|(de|en)cryption_key|cryptokey)$/i;

const maskPair = ([name, value]: Pair): Pair => [name, CREDENTIAL.test(name) ? HIDDEN : maskUrl(value)];

export const isSecret = (row: ValueRow): row is ValueRow & { readonly type: 'string' } =>
  row.type === 'string' && row.secret === true;

/** Slashes behind it do not belong to it. */
const LAST_NAME = /\/(?!\[stream\](\?|$))[^/?]+\/*(\?\*\*\*)?$/;

/** Of an RTMP URL the last name is hidden as well, since it is the stream key, unless it is the variable for the stream. */
export function maskUrl(text: string): string {
  if (!text.includes('://')) return text;
  const masked = text.replace(/:\/\/[^/?#]*@/, `://${HIDDEN}@`).replace(/\?.*/s, `?${HIDDEN}`);
  const keyBefore = /^rtmps?:/i.test(text) && !/\?.*\//s.test(text);
  return keyBefore ? masked.replace(LAST_NAME, `/${HIDDEN}$2`) : masked;
}

function maskTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => maskTexts(item));
  return typeof value === 'string' ? maskUrl(value) : value;
}
