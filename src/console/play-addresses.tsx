import { playAddress, pushAddress, shellWord } from './addresses.js';
import { Copyable } from './copyable.js';
import type { Stream } from './stream.js';

interface Props {
  readonly stream: Stream;
  readonly rtmpPort: number | null;
}

/** What other players open: what the server does not offer is not there, and its players take what is. */
export function PlayAddresses({ stream, rtmpPort }: Props) {
  const rtmp = rtmpPort === null ? undefined : pushAddress(location, rtmpPort, stream).whole;
  const flv = playAddress(location, stream, 'http-flv');
  const hls = playAddress(location, stream, 'hls');
  const [steady, quick] = [rtmp ?? flv ?? hls, flv ?? rtmp ?? hls];
  const lines: ReadonlyArray<readonly [label: string, text: string | undefined]> = [
    ['RTMP', rtmp],
    ['HTTP-FLV', flv],
    ['WS-FLV', playAddress(location, stream, 'ws-flv')],
    ['HLS', hls],
    ['VLC', steady && `vlc ${shellWord(steady)}`],
    ['ffplay', quick && `ffplay -fflags nobuffer ${shellWord(quick)}`],
    ['ffmpeg', steady && `ffmpeg -i ${shellWord(steady)} -c copy recording.flv`],
  ];
  return (
    <section class="addresses" aria-label="Addresses of this stream">
      <h3>Play it elsewhere</h3>
      {lines.map(([label, text]) => text !== undefined && <Copyable key={label} label={label} text={text} />)}
    </section>
  );
}
