/** What the configuration and the playlist ask of the pieces of a stream. Times in ms on the stream's clock. */
export interface SegmenterRules {
  /** Whether a segment that began at `start` is long enough at `at`. */
  isDue(start: number, at: number): boolean;
  /** After so long a segment is cut without a key frame; at most the announced target duration. */
  limit(): number;
  /** Pieces begin at the same places whenever the stream was joined: what comes before the first of them is left out. */
  isAligned(): boolean;
  /** Pieces begin with key frames, where there are some. */
  waitsForKey(): boolean;
  /** A longer piece is cut, whatever its duration. */
  maxBytes(): number;
  /** Whether sound, or pictures, are wanted. */
  carries(kind: 'audio' | 'video'): boolean;
  /** Times of sound are counted by samples. */
  countsSamples(): boolean;
}
