import { randomFillSync } from 'node:crypto';
import { ProtocolError } from '../../kernel/index.js';
import { putU32 } from './big-endian.js';
import { DIGEST_BYTES, findDigest, response, roles, SIG_BYTES, sign, VERSION } from './handshake-digest.js';

const S1_VERSION = 0x01000504;
const NOTHING = new Uint8Array(0);

export type HandshakeKind = 'simple' | 'complex-0' | 'complex-1';

/**
 * The server's side: C0C1 in, S0S1S2 out in one buffer, then C2, which is never verified: ffmpeg's is wrong.
 * Complex if C1 carries a digest in either schema, else simple.
 * @see spec/rtmp.md §2, RTMP 1.0 §5.2
 */
export class ServerHandshake {
  /** Undefined until C1 is complete. */
  kind: HandshakeKind | undefined;
  /** When done: the bytes after C2, a view of the last push. */
  rest: Uint8Array = NOTHING;
  readonly #time: number;
  /** C1 while it arrives. */
  #c1: Buffer | undefined;
  /** Of C0, C1 and C2 together. */
  #received = 0;

  /** @param time S1's clock, uint32; the original sends seconds, no peer reads it. */
  constructor(time = 0) {
    this.#time = time;
  }

  get done(): boolean {
    return this.#received === 1 + 2 * SIG_BYTES;
  }

  /**
   * @returns S0S1S2 once C1 is complete.
   * @throws {ProtocolError} RTMP_HANDSHAKE, at the first byte, if it is not version 3.
   */
  push(bytes: Uint8Array): Buffer | undefined {
    if (bytes.length === 0) return undefined;
    let at = 0;
    let answer: Buffer | undefined;
    if (this.#received === 0) {
      const version = bytes[0] as number;
      if (version !== VERSION) throw new ProtocolError('RTMP_HANDSHAKE', 'C0 is not RTMP version 3', { version });
      this.#received = at = 1;
    }
    if (this.#received <= SIG_BYTES) {
      this.#c1 ??= Buffer.allocUnsafeSlow(SIG_BYTES);
      const part = bytes.subarray(at, at + 1 + SIG_BYTES - this.#received);
      this.#c1.set(part, this.#received - 1);
      this.#received += part.length;
      at += part.length;
      if (this.#received <= SIG_BYTES) return undefined;
      answer = this.#answer(this.#c1);
      this.#c1 = undefined;
    }
    const c2 = Math.min(bytes.length - at, 1 + 2 * SIG_BYTES - this.#received);
    this.#received += c2;
    if (this.done) this.rest = bytes.subarray(at + c2);
    return answer;
  }

  #answer(c1: Buffer): Buffer {
    const out = Buffer.allocUnsafeSlow(1 + 2 * SIG_BYTES);
    randomFillSync(out);
    const s1 = out.subarray(1, 1 + SIG_BYTES);
    const s2 = out.subarray(1 + SIG_BYTES);
    out[0] = VERSION;
    putU32(s1, 0, this.#time);
    const peer = findDigest(c1, roles.player);
    if (peer === undefined) {
      this.kind = 'simple';
      s1.set(c1.subarray(0, 4), 4);
      s2.set(c1);
    } else {
      this.kind = `complex-${peer.schema}`;
      putU32(s1, 4, S1_VERSION);
      sign(s1, peer.schema, roles.server);
      s2.set(response(s2, peer.digest, roles.server), SIG_BYTES - DIGEST_BYTES);
    }
    return out;
  }
}
