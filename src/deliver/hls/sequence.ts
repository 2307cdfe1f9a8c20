/** Ms between 1970 and 2020, from which numbers are counted, so that they stay below 2^31 for players that hold no more. */
const EPOCH = Date.UTC(2020, 0, 1);
/** No segments are shorter than this for long, so numbers grow no faster than the time of day. */
const SHORTEST = 250;
/** Discontinuities are counted from later on, and in longer steps: see `firstDiscontinuity`. */
const DISCONTINUITY_EPOCH = Date.UTC(2026, 0, 1);
/** Ms. In the mean, streams break off less often than this. */
const BREAK = 30_000;
/** Ms after which the clock of RTMP begins anew. */
const WRAP = 2 ** 32;

/**
 * The number of the first segment of a stream: the time of day. A server that was restarted, or a stream that was
 * forgotten, goes on with higher numbers than before, so neither players nor caches see one number twice.
 * @param wall ms since 1970.
 */
export const firstNumber = (wall: number): number => Math.max(0, Math.floor((wall - EPOCH) / SHORTEST));

/**
 * How often a stream may have broken off before: again the time of day. hls.js keeps one offset of the clock for each
 * number, and would place a stream that begins anew at 0, under a number that it has seen, where the old one was then.
 * But it keeps them in an array that it walks through: millions are nothing to notice, twenty of them take half a
 * second, and quarters of a second would be more than it can do.
 * @param wall ms since 1970.
 */
export const firstDiscontinuity = (wall: number): number =>
  Math.max(0, Math.floor((wall - DISCONTINUITY_EPOCH) / BREAK));

/** The grid of an absolute clock is the same for all servers that get the same stream (`hls_ts_floor`). Times in ms. */
export const grid = {
  /** @param at on the encoder's clock, which counts in 32 bits. @param wall since 1970: tells which turn it is in. */
  unwrap: (at: number, wall: number): number => at + Math.round((wall - at) / WRAP) * WRAP,

  /** @param unix since 1970. */
  index: (unix: number, fragment: number): number => Math.floor(unix / fragment),

  /** The number of a piece that begins then. */
  number: (unix: number, fragment: number): number => Math.max(0, Math.floor((unix - EPOCH) / fragment)),
};
