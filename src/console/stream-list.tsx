import { keyOf, type Stream } from './stream.js';

const names: Readonly<Record<string, string>> = { avc: 'H.264', h264: 'H.264', hevc: 'HEVC', av1: 'AV1', vp9: 'VP9' };
const named = (codec: string): string => names[codec.toLowerCase()] ?? codec.toUpperCase();

function formatOf({ video, audio }: Stream): string {
  const size = video?.height ? ` ${video.height}p` : '';
  return [video && `${named(video.codec)}${size}`, audio && named(audio.codec)].filter(Boolean).join(' · ');
}

function age(since: Stream['since']): string {
  const minutes = Math.max(0, Math.floor((Date.now() - new Date(since).getTime()) / 60_000));
  if (Number.isNaN(minutes)) return '';
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return hours > 0 ? `${hours} h ${rest} min` : `${rest} min`;
}

interface Props {
  readonly streams: readonly Stream[];
  readonly chosen: string | undefined;
  readonly onChoose: (key: string) => void;
}

export function StreamList({ streams, chosen, onChoose }: Props) {
  return (
    <ul class="streams">
      {streams.map((stream) => {
        const key = keyOf(stream);
        return (
          <li key={key}>
            <button type="button" aria-pressed={key === chosen} onClick={() => onChoose(key)}>
              <span class="name">
                {stream.app}/{stream.stream}
              </span>
              {stream.vhost !== '__defaultVhost__' && <span class="vhost">{stream.vhost}</span>}
              <span class="facts">
                {[formatOf(stream), `${stream.viewers} watching`, age(stream.since)].filter(Boolean).join(' · ')}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
