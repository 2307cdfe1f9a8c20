import { useRef, useState } from 'preact/hooks';
import { type Protocol, protocolsOf } from './addresses.js';
import { PlayAddresses } from './play-addresses.js';
import type { Stream } from './stream.js';
import { useEngine } from './use-engine.js';

const LABELS: Readonly<Record<Protocol, string>> = { 'http-flv': 'HTTP-FLV', 'ws-flv': 'WS-FLV', hls: 'HLS' };

/** An iPhone plays HLS only. */
const preferred = (offered: readonly Protocol[]): Protocol | undefined =>
  offered.find((protocol) => protocol === 'hls' || 'MediaSource' in window) ?? offered[0];

interface Props {
  readonly stream: Stream;
  readonly rtmpPort: number | null;
}

/** A stream by one of the protocols that the server offers it by, with its numbers and its addresses. */
export function Player({ stream, rtmpPort }: Props) {
  const offered = protocolsOf(stream);
  const [chosen, choose] = useState<Protocol>();
  // A reload of the server may take away the one that was chosen.
  const protocol = offered.find((one) => one === chosen) ?? preferred(offered);
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
        <fieldset class="choice" hidden={offered.length === 0}>
          <legend class="unseen">Protocol</legend>
          {offered.map((id) => (
            <label key={id}>
              <input type="radio" name="protocol" value={id} checked={id === protocol} onChange={() => choose(id)} />
              <span>{LABELS[id]}</span>
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
        {protocol === undefined && 'The server has this stream for players of RTMP only.'}
        {protocol === 'hls' && <LeftOut stream={stream} />}
      </p>
      <PlayAddresses stream={stream} rtmpPort={rtmpPort} />
    </section>
  );
}

/** Why HLS shows less than the encoder sends. */
function LeftOut({ stream: { hls } }: { stream: Stream }) {
  return hls?.leftOut.map(({ codec, reason }) => (
    <span key={codec}>
      HLS is without {codec}: {reason}.{' '}
    </span>
  ));
}
