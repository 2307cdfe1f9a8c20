import { run } from './run.js';

export interface Packet {
  type: 'video' | 'audio' | 'data';
  /** Seconds. */
  pts: number;
  /** Seconds. */
  dts: number;
  bytes: number;
  isKey: boolean;
}

export interface Probe {
  /** `video:h264`, `audio:aac`, … in the order of their index. */
  streams: string[];
  packets: Packet[];
}

interface Answer {
  streams: Array<{ index: number; codec_type: Packet['type']; codec_name?: string }>;
  packets: Array<{ stream_index: number; pts_time?: string; dts_time?: string; size: string; flags: string }>;
}

/** What ffprobe sees in the first `seconds` of a file or URL. @throws when ffprobe cannot read it. */
export async function probe(url: string, seconds = 5): Promise<Probe> {
  const entries = 'packet=stream_index,pts_time,dts_time,size,flags:stream=index,codec_type,codec_name';
  const end = await run(
    'ffprobe',
    ['-v', 'error', '-of', 'json', '-show_entries', entries, '-read_intervals', `%+${seconds}`, url],
    { timeoutMs: seconds * 1000 + 30_000 },
  );
  if (end.code !== 0) throw new Error(`ffprobe ${url}: ${end.stderr.trim() || `exit code ${end.code}`}`);
  const answer = JSON.parse(end.stdout) as Answer;
  const types = new Map(answer.streams.map((stream) => [stream.index, stream.codec_type]));
  return {
    streams: answer.streams.map((stream) => `${stream.codec_type}:${stream.codec_name ?? '?'}`),
    packets: answer.packets.map((packet) => ({
      type: types.get(packet.stream_index) ?? 'data',
      pts: Number(packet.pts_time),
      dts: Number(packet.dts_time),
      bytes: Number(packet.size),
      isKey: packet.flags.startsWith('K'),
    })),
  };
}
