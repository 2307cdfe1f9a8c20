import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signed URL is good for; `any` is both. */
export type SignedUse = 'publish' | 'play' | 'any';

export interface Signed {
  readonly vhost: string;
  readonly app: string;
  readonly stream: string;
  readonly use: SignedUse;
  /** Seconds since 1970 after which the URL is worth nothing. */
  readonly expire: number;
}

/** @returns 64 hex digits: HMAC-SHA256 of `use:vhost/app/stream:expire`. */
const signature = (secret: string, { vhost, app, stream, use, expire }: Signed): string =>
  createHmac('sha256', secret).update(`${use}:${vhost}/${app}/${stream}:${expire}`).digest('hex');

/** `expire=…&sign=…`, to be added to the query of a URL. */
export const signedQuery = (secret: string, signed: Signed): string =>
  `expire=${signed.expire}&sign=${signature(secret, signed)}`;

type SignVerdict = 'valid' | 'missing' | 'invalid' | 'expired';

/**
 * Checks the query of a URL, in a time that tells nothing about the right signature.
 * @param param with or without its `?`. @param now ms since 1970.
 */
export function checkSigned(secret: string, param: string, wanted: Omit<Signed, 'expire'>, now: number): SignVerdict {
  const query = new URLSearchParams(param.replace(/^\?/, ''));
  const sign = query.get('sign');
  const expireText = query.get('expire');
  if (sign === null || expireText === null) return 'missing';
  if (secret === '' || !/^\d{1,12}$/.test(expireText) || !/^[0-9a-f]{64}$/i.test(sign)) return 'invalid';
  const expire = Number(expireText);
  const given = Buffer.from(sign, 'hex');
  const fits = ([wanted.use, 'any'] as const).map((use) =>
    timingSafeEqual(given, Buffer.from(signature(secret, { ...wanted, use, expire }), 'hex')),
  );
  if (!fits.includes(true)) return 'invalid';
  return now > expire * 1000 ? 'expired' : 'valid';
}
