/** Numbers that carry their unit. A branded number is an ordinary number at run time. */
declare const unit: unique symbol;
type Unit<U extends string> = number & { readonly [unit]: U };

/** Milliseconds: a stream's clock or a duration. A safe integer that never wraps (the wire wraps at 2^32). */
export type Ms = Unit<'ms'>;
export const ms = (n: number): Ms => n as Ms;

/** Seconds, as the operator writes them; may be fractional. */
export type Seconds = Unit<'s'>;
export const secondsToMs = (s: Seconds): Ms => Math.round(s * 1000) as Ms;
