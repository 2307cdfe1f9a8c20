import { useEffect, useState } from 'preact/hooks';
import type { LiveStreams } from './stream.js';

const EVERY_MS = 2000;

export interface Streams {
  /** Undefined until the first answer. */
  readonly live: LiveStreams | undefined;
  /** Why the list may be old. */
  readonly problem: string | undefined;
}

async function fetchStreams(signal: AbortSignal): Promise<LiveStreams> {
  const answer = await fetch('console/streams.json', { signal, cache: 'no-store' });
  if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
  return (await answer.json()) as LiveStreams;
}

/** The live streams, asked for again and again while the page is in sight. */
export function useStreams(): Streams {
  const [streams, set] = useState<Streams>({ live: undefined, problem: undefined });
  useEffect(() => {
    const stop = new AbortController();
    let timer: number | undefined;
    const look = async () => {
      if (!document.hidden)
        try {
          const live = await fetchStreams(stop.signal);
          set({ live, problem: undefined });
        } catch (error) {
          if (stop.signal.aborted) return;
          const problem = error instanceof TypeError ? 'the server cannot be reached' : String(error);
          set((last) => ({ ...last, problem }));
        }
      if (!stop.signal.aborted) timer = window.setTimeout(look, EVERY_MS);
    };
    void look();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, []);
  return streams;
}
