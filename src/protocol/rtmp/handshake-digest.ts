import { createDiffieHellmanGroup, createHmac, timingSafeEqual } from 'node:crypto';

/**
 * The "complex" handshake: C1 and S1 carry an HMAC digest and a Diffie-Hellman key, C2 and S2 sign the peer's digest.
 * Layout of C1/S1: time(4) version(4), then two blocks of 764 bytes, key and digest in the order of the schema.
 * @see spec/rtmp.md §2
 */
export type Schema = 0 | 1;

export const SIG_BYTES = 1536;
export const DIGEST_BYTES = 32;
/** The RTMP version in C0 and S0. */
export const VERSION = 3;

const HEADER_BYTES = 8;
const BLOCK_BYTES = 764;
const KEY_BYTES = 128;
const KEY_SPAN = 632;
const DIGEST_SPAN = 728;

const TAIL = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');
const SERVER_TEXT = Buffer.from('Genuine Adobe Flash Media Server 001');
const PLAYER_TEXT = Buffer.from('Genuine Adobe Flash Player 001');
const SERVER_KEY = Buffer.concat([SERVER_TEXT, TAIL]);
const PLAYER_KEY = Buffer.concat([PLAYER_TEXT, TAIL]);

/** Who signs: the first part of the key makes the digest in C1/S1, the whole key signs C2/S2. */
export const roles = {
  server: { digest: SERVER_TEXT, signature: SERVER_KEY },
  player: { digest: PLAYER_TEXT, signature: PLAYER_KEY },
} as const;
export type Role = (typeof roles)[keyof typeof roles];

const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer => {
  const sum = createHmac('sha256', key);
  for (const part of parts) sum.update(part);
  return sum.digest();
};

const sum4 = (b: Uint8Array, at: number): number =>
  (b[at] as number) + (b[at + 1] as number) + (b[at + 2] as number) + (b[at + 3] as number);

const blockAt = (second: boolean): number => HEADER_BYTES + (second ? BLOCK_BYTES : 0);

/** Offset of the digest in C1/S1: four bytes at the block's start say how far in. */
export function digestOffset(sig: Uint8Array, schema: Schema): number {
  const block = blockAt(schema === 0);
  return block + 4 + (sum4(sig, block) % DIGEST_SPAN);
}

/** Offset of the key in C1/S1: four bytes at the block's end say how far in. */
export function keyOffset(sig: Uint8Array, schema: Schema): number {
  const block = blockAt(schema === 1);
  return block + (sum4(sig, block + BLOCK_BYTES - 4) % KEY_SPAN);
}

function digestOf(sig: Uint8Array, at: number, role: Role): Buffer {
  return hmac(role.digest, sig.subarray(0, at), sig.subarray(at + DIGEST_BYTES, SIG_BYTES));
}

/** The schema and digest of a C1 or S1; undefined if it has none, as in the simple handshake. */
export function findDigest(sig: Uint8Array, role: Role): { schema: Schema; digest: Buffer } | undefined {
  for (const schema of [0, 1] as const) {
    const at = digestOffset(sig, schema);
    const digest = digestOf(sig, at, role);
    if (timingSafeEqual(digest, sig.subarray(at, at + DIGEST_BYTES))) return { schema, digest };
  }
  return undefined;
}

/** Puts key and digest into a C1 or S1 whose other bytes are final. @returns the digest. */
export function sign(sig: Buffer, schema: Schema, role: Role): Buffer {
  sig.set(publicKey(), keyOffset(sig, schema));
  const at = digestOffset(sig, schema);
  const digest = digestOf(sig, at, role);
  sig.set(digest, at);
  return digest;
}

/** The last 32 bytes of a C2 or S2: they answer the digest of the peer's C1 or S1. */
export function response(sig: Uint8Array, peerDigest: Uint8Array, role: Role): Buffer {
  return hmac(hmac(role.signature, peerDigest), sig.subarray(0, SIG_BYTES - DIGEST_BYTES));
}

let cachedKey: Buffer | undefined;

/** One key for the process: only RTMPE, which nobody offers here, would ever use the secret behind it. */
function publicKey(): Buffer {
  while (cachedKey?.length !== KEY_BYTES) cachedKey = createDiffieHellmanGroup('modp2').generateKeys();
  return cachedKey;
}
