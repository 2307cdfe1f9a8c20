/** Below this a loop beats the making of a view (scripts/bench/micro.ts). */
const LOOP_BYTES = 32;

/** `from[at … at + length)` into `to` at `toAt`. Both ranges are inside their arrays: the caller has checked. */
export function copyBytes(from: Uint8Array, at: number, length: number, to: Uint8Array, toAt: number): void {
  if (length <= LOOP_BYTES) {
    for (let i = 0; i < length; i++) to[toAt + i] = from[at + i] as number;
  } else if (length === from.length) {
    to.set(from, toAt);
  } else {
    to.set(new Uint8Array(from.buffer, from.byteOffset + at, length), toAt);
  }
}
