import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Protocol, playAddress } from './addresses.js';
import { engineFor } from './engine-for.js';
import { EngineKeeper } from './engine-keeper.js';
import type { Stream } from './stream.js';

const LOOK_EVERY_MS = 500;
const RETRY_MS = 2000;
/** hls.js waits without a word when times and numbers of a stream do not go on as they were. */
const STANDSTILL_MS = 15_000;

/** The playlist of such a stream could be played again, but shows nothing new. */
const ENDED = 'the stream has ended';

export interface Playing {
  readonly behind?: number;
  readonly dropped?: number;
  readonly size?: string;
  readonly problem?: string;
}

const sizeOf = ({ videoWidth, videoHeight }: HTMLVideoElement) =>
  videoWidth > 0 ? `${videoWidth} × ${videoHeight}` : undefined;

/**
 * Plays the stream into the element and tells how it goes; what broke is tried again, and so is a stream that began anew.
 * @param protocol undefined: nothing is played.
 */
export function useEngine(ref: RefObject<HTMLVideoElement | null>, stream: Stream, protocol?: Protocol): Playing {
  const [playing, set] = useState<Playing>({});
  const url = protocol && playAddress(location, stream, protocol);
  useEffect(() => {
    set({});
    const video = ref.current;
    if (!video || !protocol || !url) return;
    const load = async () => {
      const start = await engineFor(protocol, video);
      return (onProblem: (what: string) => void) => {
        const engine = start(video, url, onProblem);
        video.play().catch(() => undefined); // a browser that wants a touch first shows its own play button
        return engine;
      };
    };
    const keeper = new EngineKeeper(load, (problem) => set({ problem }), RETRY_MS);
    let time = 0;
    let movedAt = performance.now();
    const look = window.setInterval(() => {
      const now = performance.now();
      if (video.currentTime !== time || video.paused || video.ended) movedAt = now;
      time = video.currentTime;
      if (now - movedAt > STANDSTILL_MS) {
        movedAt = now;
        keeper.broke('the picture stands still');
      }
      const { droppedVideoFrames: dropped } = video.getVideoPlaybackQuality();
      const isPlaying = video.readyState > HTMLMediaElement.HAVE_CURRENT_DATA;
      set((last) => ({
        behind: keeper.engine?.behind(),
        dropped,
        size: sizeOf(video),
        problem: video.ended ? ENDED : isPlaying ? undefined : last.problem,
      }));
    }, LOOK_EVERY_MS);
    void keeper.open();
    return () => {
      window.clearInterval(look);
      keeper.stop();
    };
  }, [ref, url, protocol, stream.since]);
  return playing;
}
