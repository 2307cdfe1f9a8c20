/** `'03 00 0a'` → bytes; white space is only for the reader. */
export const fromHex = (hex: string): Buffer => Buffer.from(hex.replaceAll(/\s+/g, ''), 'hex');

/** The ways a network may slice bytes: one at a time, each cut in two, all at once. */
export function* everySplit(bytes: Uint8Array): Iterable<Uint8Array[]> {
  yield Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  for (let cut = 1; cut < bytes.length; cut++) yield [bytes.subarray(0, cut), bytes.subarray(cut)];
  yield [bytes];
}
