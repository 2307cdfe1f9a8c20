import type { Codec } from '../../core/index.js';

const names: ReadonlyMap<number, Codec> = new Map(
  Object.entries({
    avc1: 'avc',
    hvc1: 'hevc',
    vvc1: 'vvc',
    av01: 'av1',
    vp08: 'vp8',
    vp09: 'vp9',
    mp4a: 'aac',
    '.mp3': 'mp3',
    Opus: 'opus',
    fLaC: 'flac',
    'ac-3': 'ac3',
    'ec-3': 'eac3',
  }).map(([fourcc, codec]) => [Buffer.from(fourcc, 'latin1').readUInt32BE(), codec]),
);

/**
 * Name of the codec behind the FourCC at an offset where four bytes are.
 * An unknown one keeps its bytes, `fourcc:abcd`; those that are not printable ASCII, and `\`, as `\x00`.
 */
export function codecAt(payload: Uint8Array, at: number): Codec {
  const a = payload[at] as number;
  const b = payload[at + 1] as number;
  const c = payload[at + 2] as number;
  const d = payload[at + 3] as number;
  return names.get(((a << 24) | (b << 16) | (c << 8) | d) >>> 0) ?? `fourcc:${[a, b, c, d].map(printable).join('')}`;
}

const printable = (byte: number): string =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x5c ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
