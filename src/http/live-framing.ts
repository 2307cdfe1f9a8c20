import type { VhostConfig } from '../config/index.js';
import { flvHeader } from '../protocol/flv/index.js';
import {
  chunked,
  FlvFormat,
  type Framing,
  framed,
  plain,
  type Selection,
  type Tracks,
  TsFormat,
  type WireFormat,
  webSocket,
} from '../stream/index.js';
import { type Headers, NOT_KEPT } from './common-headers.js';
import type { LiveBody } from './stream-viewer.js';

/** What a live stream is packed in; the extension of its mount. */
export type Container = 'flv' | 'ts';

export const MEDIA_TYPE = { flv: 'video/x-flv', ts: 'video/mp2t' } as const satisfies Record<Container, string>;

interface Wanted {
  readonly container: Container;
  readonly only: Selection;
  readonly allTracks: boolean;
  readonly vhost: { readonly httpRemux: Pick<VhostConfig['httpRemux'], 'guessHasAv' | 'hasAudio' | 'hasVideo'> };
}

/** What is sent at all: the query says it, else the vhost, if it does not leave that to the stream. */
function selectionOf({ only, vhost: { httpRemux } }: Wanted): Selection {
  const { guessHasAv, hasAudio, hasVideo } = httpRemux;
  if (only !== 'all' || guessHasAv || hasAudio === hasVideo) return only;
  return hasAudio ? 'audio' : 'video';
}

/** What goes before the first frame; a transport stream has no header. */
function startOf(wanted: Wanted, framing: Framing): Pick<LiveBody, 'start' | 'guess'> {
  if (wanted.container === 'ts') return { start: Buffer.alloc(0), guess: undefined };
  const header = (tracks: Tracks): Buffer => framed(framing, flvHeader(tracks));
  const only = selectionOf(wanted);
  if (only === 'all' && wanted.vhost.httpRemux.guessHasAv) return { start: Buffer.alloc(0), guess: header };
  return { start: header({ audio: only !== 'video', video: only !== 'audio' }), guess: undefined };
}

const formatOf = (wanted: Wanted, framing: Framing): WireFormat =>
  wanted.container === 'ts'
    ? new TsFormat(selectionOf(wanted), framing)
    : new FlvFormat(selectionOf(wanted), framing, !wanted.allTracks);

/**
 * A live stream as an HTTP response, head included: written to the socket itself, because the response object of Node
 * costs half as much again for each write.
 * @param version of the request: HTTP/1.0 knows no chunks, so its body lasts until the connection closes.
 */
export function httpLive(wanted: Wanted, version: string, headers: Headers): LiveBody {
  const framing = version === '1.0' ? plain : chunked;
  const fields = {
    'Content-Type': MEDIA_TYPE[wanted.container],
    ...headers,
    ...NOT_KEPT,
    Connection: 'close',
    // nginx would take in what its player does not: up to 1 GB in a file, and nobody here sees that it is slow.
    'X-Accel-Buffering': 'no',
    ...(framing === chunked ? { 'Transfer-Encoding': 'chunked' } : {}),
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`, 'latin1');
  const { start, guess } = startOf(wanted, framing);
  return {
    format: formatOf(wanted, framing),
    start: Buffer.concat([head, start]),
    guess,
    tail: framing === chunked ? Buffer.from('0\r\n\r\n', 'latin1') : undefined,
  };
}

/** Close frame with status 1000, going away in an orderly way (RFC 6455 §5.5.1, §7.4.1). */
const CLOSE = Buffer.from([0x88, 0x02, 0x03, 0xe8]);

export const webSocketLive = (wanted: Wanted): LiveBody => ({
  format: formatOf(wanted, webSocket),
  ...startOf(wanted, webSocket),
  tail: CLOSE,
});
