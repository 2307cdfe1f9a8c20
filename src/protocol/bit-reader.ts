/** Reads bits, most significant first. Behind the end there are zeros: what is cut off reads as small numbers. */
export class BitReader {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** @param count at most 32. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.flag();
    return value;
  }

  flag(): 0 | 1 {
    const byte = this.bytes[this.#at >> 3] ?? 0;
    const bit = (byte >> (7 - (this.#at & 7))) & 1;
    this.#at++;
    return bit as 0 | 1;
  }

  skip(count: number): void {
    this.#at += count;
  }

  /** Bits that are left; negative when more was read than there is. */
  get left(): number {
    return this.bytes.length * 8 - this.#at;
  }

  /** Exp-Golomb, unsigned (H.264 §9.1). More than 32 leading zeros are garbage, and read as 0. */
  ue(): number {
    let zeros = 0;
    while (this.flag() === 0) if (++zeros > 32) return 0;
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Exp-Golomb, signed (H.264 §9.1.1). */
  se(): number {
    const code = this.ue();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}

/** A NAL unit without its emulation prevention bytes: each 00 00 03 is 00 00 (H.264 §7.4.1). */
export function withoutEmulation(nal: Uint8Array): Uint8Array {
  const out = new Uint8Array(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length++] = byte;
  }
  return out.subarray(0, length);
}
