import Table from 'cli-table3';
import type {
  ClientAnswer,
  EdgeAnswer,
  ForwardAnswer,
  IngestAnswer,
  StreamAnswer,
  SummariesAnswer,
} from './api-client.js';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** What a server sends must not steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out
const clean = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');

type Cell = string | number;

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  // Numbers stand to the right.
  const colAligns = head.map((_, i) =>
    typeof rows[0]?.[i] === 'number' || /^\d/.test(String(rows[0]?.[i] ?? '')) ? 'right' : 'left',
  );
  const made = new Table({
    head: [...head],
    chars: NO_LINES,
    colAligns: colAligns as ('left' | 'right')[],
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  made.push(...rows.map((row) => row.map((cell) => clean(String(cell)))));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** `1.5 Mbps` */
function rate(kbps: number): string {
  return kbps < 1000 ? `${kbps} kbps` : `${(kbps / 1000).toFixed(1)} Mbps`;
}

/** `1.5 MB` */
function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let value = bytes;
  for (; value >= 1000 && at < units.length - 1; at++) value /= 1000;
  return `${at === 0 ? value : value.toFixed(1)} ${units[at] ?? ''}`;
}

/** `2d 03:04:05` */
function span(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const clock = `${two((whole % 86_400) / 3600)}:${two((whole % 3600) / 60)}:${two(whole % 60)}`;
  return whole < 86_400 ? clock : `${Math.floor(whole / 86_400)}d ${clock}`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Some codecs do not tell it. */
const sizeOf = ({ width, height }: { readonly width: number; readonly height: number }): string =>
  width > 0 ? `${width}x${height}` : '';

/** A stream of the default vhost goes without its name. */
const shortName = (url: string): string => url.replace(/^__defaultVhost__\//, '');

export function streamsView(streams: readonly StreamAnswer[]): string {
  if (streams.length === 0) return 'no streams';
  return table(
    ['STREAM', 'ID', 'PUBLISHER', 'LIVE', 'VIDEO', 'AUDIO', 'IN', 'OUT', 'VIEWERS', 'DROPS'],
    streams.map(({ stream_url, id, publish, video, audio, kbps, viewers, drops }) => [
      shortName(stream_url),
      id,
      publish.active ? publish.ip || 'local' : '-',
      span(publish.alive),
      video === null ? '-' : [video.codec, sizeOf(video), `${video.fps} fps`].filter(Boolean).join(' '),
      audio === null ? '-' : `${audio.codec} ${audio.sample_rate} Hz`,
      rate(kbps.recv_30s),
      rate(kbps.send_30s),
      viewers,
      drops,
    ]),
  );
}

export function clientsView(clients: readonly ClientAnswer[]): string {
  if (clients.length === 0) return 'no clients';
  return table(
    ['CLIENT', 'ADDRESS', 'PROTOCOL', 'TYPE', 'STREAM', 'TIME', 'IN', 'OUT', 'LAG', 'DROPS'],
    clients.map(({ id, ip, protocol, type, stream_url, alive, recv_bytes, send_bytes, lag_ms, drops }) => [
      id,
      ip,
      protocol,
      type,
      shortName(stream_url) || '-',
      span(alive),
      size(recv_bytes),
      size(send_bytes),
      `${lag_ms} ms`,
      drops,
    ]),
  );
}

export function forwardsView(forwards: readonly ForwardAnswer[]): string {
  if (forwards.length === 0) return 'no forwards';
  return table(
    ['STREAM', 'ID', 'TO', 'STATE', 'TIME', 'OUT', 'RATE', 'LAG', 'DROPS', 'RECONNECTS', 'LAST ERROR'],
    forwards.map((one) => [
      shortName(one.stream_url),
      one.id,
      one.to,
      one.state,
      span(one.alive),
      size(one.send_bytes),
      rate(one.send_30s),
      `${one.lag_ms} ms`,
      one.drops,
      one.reconnects,
      one.last_error || '-',
    ]),
  );
}

export function edgesView(edges: readonly EdgeAnswer[]): string {
  if (edges.length === 0) return 'no streams of an edge';
  return table(
    ['STREAM', 'ROLE', 'ORIGIN', 'STATE', 'TIME', 'BYTES', 'RECONNECTS', 'LAST ERROR'],
    edges.map(({ stream_url, role, upstream, state, alive, bytes, reconnects, last_error }) => [
      shortName(stream_url),
      role,
      upstream,
      state,
      span(alive),
      size(bytes),
      reconnects,
      last_error || '-',
    ]),
  );
}

export function ingestsView(ingests: readonly IngestAnswer[]): string {
  if (ingests.length === 0) return 'no ingests';
  return table(
    ['INGEST', 'ENGINE', 'FROM', 'TO', 'STATE', 'TIME', 'FPS', 'SPEED', 'RESTARTS', 'LAST ERROR'],
    ingests.map(({ ingest, engine, input, output, state, alive, fps, speed, restarts, last_error }) => [
      ingest,
      engine || '-',
      input,
      shortName(output) || '-',
      state,
      span(alive),
      fps,
      `${speed}x`,
      restarts,
      last_error || '-',
    ]),
  );
}

export function statsView({ self, system }: SummariesAnswer): string {
  return [
    `srs ${clean(self.version)}, pid ${self.pid}, up ${span(self.srs_uptime)}`,
    `connections ${system.conn_srs}, in ${rate(system.srs_recv_kbps)}, out ${rate(system.srs_send_kbps)}`,
    `process ${percent(self.cpu_percent)} of a core, ${size(self.mem_kbyte * 1024)}; machine ${percent(system.cpu_percent)}, load ${system.load_1m}`,
  ].join('\n');
}
