interface Startable {
  /** Seconds. */
  readonly duration: number;
  /** It begins with a key frame, or has no pictures. */
  readonly independent: boolean;
}

/** RFC 8216 §4.3.5.2: a start should not be nearer to the end of a live playlist, in target durations. */
const FAR = 3;
/** A point so far within its segment does not become one of the segment before by rounding, s. */
const WITHIN = 0.1;

/**
 * The newest segment that a player can begin with, far enough from the end; if there is none so far, the oldest.
 * @param target the target duration, s. @returns undefined when no segment will do; `offset` in s from the end, negative.
 */
export function startPoint(
  segments: readonly Startable[],
  target: number,
): { readonly offset: number; readonly isFar: boolean } | undefined {
  let fromEnd = 0;
  let found: { readonly offset: number; readonly isFar: boolean } | undefined;
  for (const { duration, independent } of segments.toReversed()) {
    // As the playlist writes it.
    fromEnd += Number(duration.toFixed(3));
    if (!independent) continue;
    found = { offset: Math.min(WITHIN, duration / 2) - fromEnd, isFar: fromEnd - WITHIN >= FAR * target };
    if (found.isFar) break;
  }
  return found;
}

/**
 * Where a player has to be told to begin: none is where all segments will do, or, in a playlist that has ended and is
 * played from its beginning, the first.
 * @returns as EXT-X-START has it, s.
 */
export function startOffset(segments: readonly Startable[], target: number, ended: boolean): number | undefined {
  if (segments.every(({ independent }) => independent)) return undefined;
  if (!ended) return startPoint(segments, target)?.offset;
  return segments[0]?.independent === true ? undefined : startPoint(segments, Number.POSITIVE_INFINITY)?.offset;
}
