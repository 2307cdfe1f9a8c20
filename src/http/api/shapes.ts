import type { VhostConfig } from '../../config/index.js';
import {
  type Client,
  idOf,
  type ServerIdentity,
  type StreamStatistics,
  type VhostStatistics,
} from '../../stream/index.js';

import type {
  ShownDvr,
  ShownEdge,
  ShownForward,
  ShownHls,
  ShownIngest,
  ShownProgram,
  ShownTranscode,
} from './ports.js';

const CODECS: Readonly<Record<string, string>> = {
  avc: 'H264',
  hevc: 'HEVC',
  av1: 'AV1',
  vp9: 'VP9',
  aac: 'AAC',
  mp3: 'MP3',
  opus: 'Opus',
};
/** As statistics of the original name it; what that does not know keeps the name that it has here. */
export const codecName = (codec: string): string => CODECS[codec] ?? codec;

const rates = ({ kbpsIn, kbpsOut }: { readonly kbpsIn: number; readonly kbpsOut: number }) => ({
  recv_30s: Math.round(kbpsIn),
  send_30s: Math.round(kbpsOut),
});

/** `/live/livestream`; with a vhost of its own `/example.com/live/livestream`. */
function urlOf(key: string): string {
  return `/${key}`.replace(/^\/__defaultVhost__\//, '/');
}

/** Queries carry keys and tokens, and so may what stands behind `#`, or before the host. */
export const withoutSecrets = (url: string): string =>
  (url.split(/[?#]/, 1)[0] ?? '').replace(/^([^/]*:\/\/)[^/]*@/, '$1');

export const vhostShape = (from: ServerIdentity, { name, enabled, hls }: VhostConfig, numbers: VhostStatistics) => ({
  id: idOf(from, name),
  name,
  enabled,
  clients: numbers.clients,
  streams: numbers.streams,
  send_bytes: numbers.bytesOut,
  recv_bytes: numbers.bytesIn,
  kbps: rates(numbers),
  hls: hls.enabled ? { enabled: true, fragment: hls.hlsFragment } : { enabled: false },
});

/** @param now wall clock, ms. */
export const forwardShape = (from: ServerIdentity, { stream, ...forward }: ShownForward, now: number) => ({
  id: forward.id,
  stream: idOf(from, stream),
  stream_url: stream,
  to: forward.to,
  state: forward.state,
  alive: seconds(now - forward.since),
  send_bytes: forward.bytes,
  send_30s: Math.round(forward.kbps),
  lag_ms: Math.round(forward.lagMs),
  drops: forward.drops,
  reconnects: forward.reconnects,
  failures: forward.failures,
  last_error: forward.lastError,
});

/** @param now wall clock, ms. */
export const edgeShape = (from: ServerIdentity, { stream, ...edge }: ShownEdge, now: number) => ({
  role: edge.role,
  stream: idOf(from, stream),
  stream_url: stream,
  upstream: edge.upstream,
  state: edge.state,
  alive: seconds(now - edge.since),
  bytes: edge.bytes,
  reconnects: edge.reconnects,
  failures: edge.failures,
  last_error: edge.lastError,
});

const programShape = (one: ShownProgram) => ({
  output: one.output,
  state: one.phase,
  pid: one.pid ?? 0,
  alive: seconds(one.uptime),
  fps: one.progress?.fps ?? 0,
  speed: one.progress?.speed ?? 0,
  out_ms: one.progress?.outTime ?? 0,
  restarts: one.restarts,
  last_error: one.lastError ?? '',
  error_lines: [...one.errorLines],
});

const transcodeShape = (one: ShownTranscode) => ({ scope: one.scope, engine: one.engine, ...programShape(one) });

export const ingestShape = (one: ShownIngest) => ({
  vhost: one.vhost,
  ingest: one.ingest,
  engine: one.engine,
  input: one.input,
  ...programShape(one),
});

const hlsShape = ({ playlist, leftOut }: ShownHls) => ({
  playlist,
  left_out: [...leftOut].map(([codec, reason]) => ({ codec: codecName(codec), reason })),
});

const dvrShape = ({ lastError, ...dvr }: ShownDvr) => ({ ...dvr, last_error: lastError });

/** What the server makes of a live stream, and where it has it from. */
export interface StreamParts {
  readonly edge: ShownEdge | undefined;
  readonly dvr: ShownDvr | undefined;
  readonly hls: ShownHls | undefined;
  readonly forwards: readonly ShownForward[];
  readonly transcodes: readonly ShownTranscode[];
}

/** @param now wall clock, ms. */
export function streamShape(
  from: ServerIdentity,
  stream: StreamStatistics,
  { edge, hls, dvr, forwards, transcodes }: StreamParts,
  now: number,
) {
  const { key, name, publisher, video, audio } = stream;
  return {
    id: idOf(from, key),
    name: name.stream,
    vhost: idOf(from, name.vhost),
    app: name.app,
    url: urlOf(key),
    stream_url: key,
    live_ms: Math.round(now),
    clients: stream.clients,
    viewers: stream.clients - stream.publishers,
    frames: stream.frames,
    drops: stream.drops,
    send_bytes: stream.bytesOut,
    recv_bytes: stream.bytesIn,
    kbps: rates(stream),
    publish: {
      active: publisher !== undefined,
      cid: publisher?.id ?? '',
      ip: publisher?.ip ?? '',
      alive: publisher === undefined ? 0 : seconds(now - publisher.since),
    },
    video:
      video === undefined
        ? null
        : {
            codec: codecName(video.codec),
            profile: video.profile,
            level: video.level,
            width: video.width,
            height: video.height,
            fps: Math.round(video.fps * 100) / 100,
            gop: { frames: video.gopFrames, ms: video.gopMs },
          },
    audio:
      audio === undefined
        ? null
        : {
            codec: codecName(audio.codec),
            sample_rate: audio.sampleRate,
            channel: audio.channels,
            profile: audio.profile,
          },
    edge: edge === undefined ? null : edgeShape(from, edge, now),
    hls: hls === undefined ? null : hlsShape(hls),
    dvr: dvr === undefined ? null : dvrShape(dvr),
    forwards: forwards.map((forward) => forwardShape(from, forward, now)),
    transcodes: transcodes.map(transcodeShape),
  };
}

const seconds = (span: number): number => Math.max(0, Math.round(span)) / 1000;

/** @param now wall clock, ms. */
export function clientShape(from: ServerIdentity, client: Client, now: number) {
  const { facts, type, streamKey, viewer } = client;
  return {
    id: facts.id,
    vhost: idOf(from, facts.vhost),
    stream: streamKey === undefined ? '' : idOf(from, streamKey),
    stream_url: streamKey ?? '',
    ip: facts.ip,
    pageUrl: withoutSecrets(facts.pageUrl),
    swfUrl: withoutSecrets(facts.swfUrl),
    tcUrl: withoutSecrets(facts.tcUrl),
    url: urlOf(streamKey ?? `${facts.vhost}/${facts.app}`),
    name: streamKey?.slice(streamKey.lastIndexOf('/') + 1) ?? '',
    type,
    protocol: facts.protocol,
    publish: type.endsWith('-publish'),
    alive: seconds(now - client.since),
    send_bytes: client.bytesOut,
    recv_bytes: client.bytesIn,
    lag_ms: viewer?.log?.lagOf(viewer) ?? 0,
    backlog: viewer?.backlog ?? 0,
    drops: viewer?.drops ?? 0,
  };
}
