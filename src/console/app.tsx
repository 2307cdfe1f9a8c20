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
  const { list, problem } = useStreams();
  const streams = list ?? [];
  const [shown, choose] = useChosen(streams);
  return (
    <>
      <header>
        <h1>srs</h1>
        <p role="status">{problem ?? (list && `${list.length} live`)}</p>
      </header>
      <main class={shown ? 'watching' : 'idle'}>
        {streams.length > 0 && (
          <nav aria-label="Live streams">
            <StreamList streams={streams} chosen={shown && keyOf(shown)} onChoose={choose} />
          </nav>
        )}
        {shown && <Player key={keyOf(shown)} stream={shown} />}
        {list?.length === 0 && !shown && (
          <section class="nothing">
            <h2>Nothing is live</h2>
            <p>Push a stream and it plays here.</p>
            <HowToPush />
          </section>
        )}
        {streams.length > 0 && (
          <details class="push">
            <summary>How to push another stream</summary>
            <HowToPush />
          </details>
        )}
      </main>
    </>
  );
}
