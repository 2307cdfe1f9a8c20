import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Protocol } from './addresses.js';
import type { Engine } from './engine.js';
import { engineFor } from './engine-for.js';

const LOOK_EVERY_MS = 500;
const RETRY_MS = 2000;

export interface Playing {
  readonly behind?: number;
  readonly dropped?: number;
  readonly size?: string;
  readonly problem?: string;
}

const sizeOf = ({ videoWidth, videoHeight }: HTMLVideoElement) =>
  videoWidth > 0 ? `${videoWidth} × ${videoHeight}` : undefined;

/** Plays `url` into the element and tells how it goes; what broke is tried again. */
export function useEngine(ref: RefObject<HTMLVideoElement | null>, url: string, protocol: Protocol): Playing {
  const [playing, set] = useState<Playing>({});
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    let engine: Engine | undefined;
    let gone = false;
    let retry: number | undefined;
    const close = () => {
      engine?.stop();
      engine = undefined;
    };
    const broke = (problem: string) => {
      if (gone) return;
      set({ problem });
      window.clearTimeout(retry);
      retry = window.setTimeout(() => {
        close();
        void open();
      }, RETRY_MS);
    };
    const open = async () => {
      try {
        const start = await engineFor(protocol, video);
        if (gone) return;
        engine = start(video, url, broke);
        video.play().catch(() => undefined); // a browser that wants a touch first shows its own play button
      } catch (error) {
        broke(error instanceof Error ? error.message : String(error));
      }
    };
    const look = window.setInterval(() => {
      const { droppedVideoFrames: dropped } = video.getVideoPlaybackQuality();
      const problem = video.readyState > HTMLMediaElement.HAVE_CURRENT_DATA ? undefined : 'keep';
      set((last) => ({
        behind: engine?.behind(),
        dropped,
        size: sizeOf(video),
        problem: problem && last.problem,
      }));
    }, LOOK_EVERY_MS);
    set({});
    void open();
    return () => {
      gone = true;
      window.clearInterval(look);
      window.clearTimeout(retry);
      close();
    };
  }, [ref, url, protocol]);
  return playing;
}
