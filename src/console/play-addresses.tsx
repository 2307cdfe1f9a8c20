import { playAddress, pushAddress, shellWord } from './addresses.js';
import { Copyable } from './copyable.js';
import type { Stream } from './stream.js';

export function PlayAddresses({ stream }: { stream: Stream }) {
  const rtmp = pushAddress(location, stream).whole;
  const flv = playAddress(location, stream, 'http-flv');
  return (
    <section class="addresses" aria-label="Addresses of this stream">
      <h3>Play it elsewhere</h3>
      <Copyable label="RTMP" text={rtmp} />
      <Copyable label="HTTP-FLV" text={flv} />
      <Copyable label="WS-FLV" text={playAddress(location, stream, 'ws-flv')} />
      <Copyable label="HLS" text={playAddress(location, stream, 'hls')} />
      <Copyable label="VLC" text={`vlc ${shellWord(rtmp)}`} />
      <Copyable label="ffplay" text={`ffplay -fflags nobuffer ${shellWord(flv)}`} />
      <Copyable label="ffmpeg" text={`ffmpeg -i ${shellWord(rtmp)} -c copy recording.flv`} />
    </section>
  );
}
