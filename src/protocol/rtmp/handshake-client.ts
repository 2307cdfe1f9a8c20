import { randomFillSync, timingSafeEqual } from 'node:crypto';
import { ProtocolError } from '../../kernel/index.js';
import { putU32 } from './big-endian.js';
import { DIGEST_BYTES, findDigest, response, roles, SIG_BYTES, sign, VERSION } from './handshake-digest.js';

const C1_VERSION = 0x80000702;
const NOTHING = new Uint8Array(0);
const S1_END = 1 + SIG_BYTES;
const S2_END = S1_END + SIG_BYTES;

/**
 * The client's side: C0C1 out, S0S1 in, C2 out, S2 in.
 * A complex C1 (schema 1) is understood by simple servers as well; if S1 has no digest, C2 repeats S1 (RTMP 1.0 §5.2.4).
 * @see spec/rtmp.md §2
 */
export class ClientHandshake {
  /** S1 and S2 were signed as a genuine server does; false after a simple handshake. The original ignores it. */
  verified = false;
  /** When done: the bytes after S2, a view of the last push. */
  rest: Uint8Array = NOTHING;
  readonly #mode: 'complex' | 'simple';
  #digest: Buffer | undefined;
  #s1Signed = false;
  readonly #answer = Buffer.allocUnsafeSlow(S2_END);
  #received = 0;

  constructor(mode: 'complex' | 'simple') {
    this.#mode = mode;
  }

  get done(): boolean {
    return this.#received === S2_END;
  }

  /** @returns C0C1, to be sent first. */
  start(): Buffer {
    const out = Buffer.allocUnsafeSlow(1 + SIG_BYTES);
    randomFillSync(out);
    out[0] = VERSION;
    const c1 = out.subarray(1);
    putU32(c1, 0, 0);
    putU32(c1, 4, this.#mode === 'complex' ? C1_VERSION : 0);
    if (this.#mode === 'complex') this.#digest = sign(c1, 1, roles.player);
    return out;
  }

  /**
   * @returns C2 once S1 is complete.
   * @throws {ProtocolError} RTMP_HANDSHAKE, at the first byte, if it is not version 3.
   */
  push(bytes: Uint8Array): Buffer | undefined {
    if (this.#received === 0 && bytes.length > 0 && bytes[0] !== VERSION)
      throw new ProtocolError('RTMP_HANDSHAKE', 'S0 is not RTMP version 3', { version: bytes[0] });
    const before = this.#received;
    const part = bytes.subarray(0, S2_END - before);
    this.#answer.set(part, before);
    this.#received += part.length;
    const c2 = before < S1_END && this.#received >= S1_END ? this.#c2() : undefined;
    if (before < S2_END && this.done) this.verified = this.#s1Signed && this.#s2Signed();
    if (this.done) this.rest = bytes.subarray(part.length);
    return c2;
  }

  #c2(): Buffer {
    const s1 = this.#answer.subarray(1, S1_END);
    const server = this.#digest === undefined ? undefined : findDigest(s1, roles.server);
    if (server === undefined) return Buffer.from(s1);
    this.#s1Signed = true;
    const c2 = randomFillSync(Buffer.allocUnsafeSlow(SIG_BYTES));
    c2.set(response(c2, server.digest, roles.player), SIG_BYTES - DIGEST_BYTES);
    return c2;
  }

  #s2Signed(): boolean {
    if (this.#digest === undefined) return false;
    const s2 = this.#answer.subarray(S1_END);
    return timingSafeEqual(response(s2, this.#digest, roles.server), s2.subarray(SIG_BYTES - DIGEST_BYTES));
  }
}
