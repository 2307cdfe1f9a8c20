import type { Protocol } from './addresses.js';

/** What plays a stream into a video element. */
export interface Engine {
  /** Seconds from what is shown to the newest that is there to show; undefined while unknown. */
  behind(): number | undefined;
  stop(): void;
}

export type OpenEngine = (video: HTMLVideoElement, url: string, onProblem: (what: string) => void) => Engine;

/** Loads the code for a protocol, which is no part of the page before somebody plays. */
export async function engineFor(protocol: Protocol, video: HTMLVideoElement): Promise<OpenEngine> {
  if (protocol !== 'hls') return (await import('./flv-engine.js')).openFlv;
  if ('MediaSource' in window || 'ManagedMediaSource' in window) return (await import('./hls-engine.js')).openHls;
  if (video.canPlayType('application/vnd.apple.mpegurl') === '') throw new Error('this browser can not play HLS');
  return (await import('./native-engine.js')).openNative;
}

/** Seconds between the end of the last of `ranges` and now. */
export function distance(ranges: TimeRanges, now: number): number | undefined {
  return ranges.length === 0 ? undefined : Math.max(0, ranges.end(ranges.length - 1) - now);
}
