const RATES = [44_100, 48_000, 32_000];

/**
 * Rate and channels of an MPEG audio frame, from its header.
 * @returns undefined when no frame begins there. @see ISO/IEC 11172-3 §2.4.1.3, 13818-3
 */
export function readMp3Header(frame: Uint8Array): { sampleRate: number; channels: number } | undefined {
  const [a = 0, b = 0, c = 0, d = 0] = frame;
  const rate = RATES[(c >> 2) & 3];
  const version = (b >> 3) & 3;
  if (a !== 0xff || b < 0xe0 || version === 1 || rate === undefined) return undefined;
  const divisor = version === 3 ? 1 : version === 2 ? 2 : 4;
  return { sampleRate: rate / divisor, channels: d >> 6 === 3 ? 1 : 2 };
}
