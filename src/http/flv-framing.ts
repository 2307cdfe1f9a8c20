import { flvHeader } from '../protocol/flv/index.js';
import {
  FlvChunkedFormat,
  FlvFormat,
  FlvWebSocketFormat,
  httpChunk,
  type Selection,
  webSocketMessage,
} from '../stream/index.js';
import type { Framing } from './stream-viewer.js';

const header = (only: Selection): Buffer => flvHeader({ audio: only !== 'video', video: only !== 'audio' });

/**
 * An FLV stream as an HTTP response, head included: written to the socket itself, because the response object of Node
 * costs half as much again for each write.
 * @param version of the request: HTTP/1.0 knows no chunks, so its body lasts until the connection closes.
 */
export function httpFlv(only: Selection, version: string, headers: Readonly<Record<string, string>>): Framing {
  const chunked = version !== '1.0';
  const fields = {
    'Content-Type': 'video/x-flv',
    ...headers,
    'Cache-Control': 'no-store',
    Connection: 'close',
    ...(chunked ? { 'Transfer-Encoding': 'chunked' } : {}),
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`, 'latin1');
  const start = header(only);
  return chunked
    ? {
        format: new FlvChunkedFormat(only),
        head: Buffer.concat([head, httpChunk(start)]),
        tail: Buffer.from('0\r\n\r\n', 'latin1'),
      }
    : { format: new FlvFormat(only), head: Buffer.concat([head, start]), tail: undefined };
}

/** Close frame with status 1000, going away in an orderly way (RFC 6455 §5.5.1, §7.4.1). */
const CLOSE = Buffer.from([0x88, 0x02, 0x03, 0xe8]);

export const webSocketFlv = (only: Selection): Framing => ({
  format: new FlvWebSocketFormat(only),
  head: webSocketMessage(header(only)),
  tail: CLOSE,
});
