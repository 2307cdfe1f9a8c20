import { useState } from 'preact/hooks';
import { HowToPush } from './how-to-push.js';
import { Player } from './player.js';
import { keyOf, type Stream } from './stream.js';
import { StreamList } from './stream-list.js';
import { useStreams } from './use-streams.js';

/** A stream that ends while it is watched stays on the page as it was: its publisher may come back. */
function useChosen(list: readonly Stream[]) {
  const [chosen, choose] = useState<Stream>();
  const shown = chosen ? (list.find((stream) => keyOf(stream) === keyOf(chosen)) ?? chosen) : list[0];
  if (shown !== chosen) choose(shown);
  const chooseKey = (key: string) => choose(list.find((stream) => keyOf(stream) === key));
  return [shown, chooseKey] as const;
}

export function App() {
  const { live, problem } = useStreams();
  const { streams = [], rtmpPort = null } = live ?? {};
  const [shown, choose] = useChosen(streams);
  return (
    <>
      <header>
        <h1>srs</h1>
        <p role="status">{problem ?? (live && `${streams.length} live`)}</p>
      </header>
      <main class={shown ? 'watching' : 'idle'}>
        {streams.length > 0 && (
          <nav aria-label="Live streams">
            <StreamList streams={streams} chosen={shown && keyOf(shown)} onChoose={choose} />
          </nav>
        )}
        {shown && <Player key={keyOf(shown)} stream={shown} rtmpPort={rtmpPort} />}
        {live?.streams.length === 0 && !shown && (
          <section class="nothing">
            <h2>Nothing is live</h2>
            <p>Push a stream and it plays here.</p>
            {rtmpPort !== null && <HowToPush rtmpPort={rtmpPort} />}
          </section>
        )}
        {streams.length > 0 && rtmpPort !== null && (
          <details class="push">
            <summary>How to push another stream</summary>
            <HowToPush rtmpPort={rtmpPort} />
          </details>
        )}
      </main>
    </>
  );
}
