/** What plays a stream into a video element. */
export interface Engine {
  /** Seconds from what is shown to the newest that is there to show; undefined while unknown. */
  behind(): number | undefined;
  stop(): void;
}

export type OpenEngine = (video: HTMLVideoElement, url: string, onProblem: (what: string) => void) => Engine;

/** Seconds between the end of the last of `ranges` and now. */
export function distance(ranges: TimeRanges, now: number): number | undefined {
  return ranges.length === 0 ? undefined : Math.max(0, ranges.end(ranges.length - 1) - now);
}
