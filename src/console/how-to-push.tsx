import { pushAddress, shellWord } from './addresses.js';
import { Copyable } from './copyable.js';

const EXAMPLE = { vhost: '__defaultVhost__', app: 'live', stream: 'livestream' };

/** @param rtmpPort of the server. */
export function HowToPush({ rtmpPort }: { rtmpPort: number }) {
  const { server, key, whole } = pushAddress(location, rtmpPort, EXAMPLE);
  return (
    <section class="addresses how-to">
      <h3>With OBS</h3>
      <p>Settings → Stream, Service “Custom…”</p>
      <Copyable label="Server" text={server} />
      <Copyable label="Stream key" text={key} />
      <h3>With ffmpeg</h3>
      <Copyable label="A file" text={`ffmpeg -re -i movie.mp4 -c copy -f flv ${shellWord(whole)}`} />
      <Copyable
        label="A test picture"
        text={`ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -c:v libx264 -g 60 -pix_fmt yuv420p -f flv ${shellWord(whole)}`}
      />
      <p>The stream appears here by itself.</p>
    </section>
  );
}
