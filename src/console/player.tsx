import { useRef, useState } from 'preact/hooks';
import type { Protocol } from './addresses.js';
import { PlayAddresses } from './play-addresses.js';
import type { Stream } from './stream.js';
import { useEngine } from './use-engine.js';

const PROTOCOLS: ReadonlyArray<readonly [Protocol, string]> = [
  ['http-flv', 'HTTP-FLV'],
  ['ws-flv', 'WS-FLV'],
  ['hls', 'HLS'],
];

/** An iPhone plays HLS only. */
const preferred = (): Protocol => ('MediaSource' in window ? 'http-flv' : 'hls');

export function Player({ stream }: { stream: Stream }) {
  const [protocol, choose] = useState<Protocol>(preferred);
  const video = useRef<HTMLVideoElement>(null);
  const { behind, dropped, size, problem } = useEngine(video, stream, protocol);
  return (
    <section class="player" aria-labelledby="playing">
      <h2 id="playing">
        {stream.app}/{stream.stream}
      </h2>
      <div class="screen">
        <video ref={video} controls muted playsInline autoplay aria-label={`Live stream ${stream.stream}`} />
      </div>
      <div class="bar">
        <fieldset class="choice">
          <legend class="unseen">Protocol</legend>
          {PROTOCOLS.map(([id, label]) => (
            <label key={id}>
              <input type="radio" name="protocol" value={id} checked={id === protocol} onChange={() => choose(id)} />
              <span>{label}</span>
            </label>
          ))}
        </fieldset>
        <dl class="numbers">
          <div>
            <dt>Latency</dt>
            <dd data-number="latency">{behind === undefined ? '–' : `${behind.toFixed(1)} s`}</dd>
          </div>
          <div>
            <dt>Dropped frames</dt>
            <dd data-number="dropped">{dropped ?? '–'}</dd>
          </div>
          <div>
            <dt>Picture</dt>
            <dd data-number="size">{size ?? '–'}</dd>
          </div>
        </dl>
      </div>
      <p class="problem" role="status">
        {problem && `${problem}; trying again …`}
        {protocol === 'hls' && <LeftOut stream={stream} />}
      </p>
      <PlayAddresses stream={stream} />
    </section>
  );
}

/** Why HLS shows less than the encoder sends, or nothing. */
function LeftOut({ stream: { hls } }: { stream: Stream }) {
  if (hls === undefined) return <span>There is no HLS of this stream. </span>;
  return hls.leftOut.map(({ codec, reason }) => (
    <span key={codec}>
      HLS is without {codec}: {reason}.{' '}
    </span>
  ));
}
