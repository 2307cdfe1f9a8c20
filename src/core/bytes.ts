declare const owned: unique symbol;

/** Bytes that nobody writes any more, so any number of holders may share them by reference. */
export type Payload = Readonly<Buffer> & { readonly [owned]: true };

/**
 * Copies once, out of a socket's read slab: a 40-byte view in a GOP cache would otherwise pin all 64 KiB of it.
 * From here on nobody writes; a thousand players share the reference.
 */
export function own(view: Uint8Array): Payload {
  const copy = Buffer.allocUnsafeSlow(view.byteLength);
  copy.set(view);
  return copy as unknown as Payload;
}

/** Declares that the caller gives up its right to write these bytes; no copy. */
export const freeze = (bytes: Buffer): Payload => bytes as unknown as Payload;
