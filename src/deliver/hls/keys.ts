import { createCipheriv, randomBytes } from 'node:crypto';

/** An AES-128 key and where it is found. */
export interface HlsKey {
  /** From the root of the HTTP server. */
  readonly path: string;
  readonly uri: string;
  /** 16 bytes. */
  readonly bytes: Buffer;
}

const BYTES = 16;

export interface Encrypted {
  readonly bytes: Buffer;
  readonly key: HlsKey;
  /** 32 hexadecimal digits. */
  readonly iv: string;
}

/** Makes keys and encrypts segments with them (RFC 8216 §4.3.2.4, §5.2): AES-128 in CBC, padded as PKCS #7 says. */
export class KeyRing {
  #key: HlsKey | undefined;
  #used = 0;

  constructor(private readonly place: (seq: number) => Omit<HlsKey, 'bytes'>) {}

  /** @param perKey after so many segments another key is made. */
  encrypt(segment: Buffer, seq: number, perKey: number): Encrypted {
    if (this.#key === undefined || seq % perKey === 0 || this.#used >= perKey) {
      this.#key = { ...this.place(seq), bytes: randomBytes(BYTES) };
      this.#used = 0;
    }
    this.#used++;
    const iv = randomBytes(BYTES);
    const cipher = createCipheriv('aes-128-cbc', this.#key.bytes, iv);
    return { bytes: Buffer.concat([cipher.update(segment), cipher.final()]), key: this.#key, iv: iv.toString('hex') };
  }
}
