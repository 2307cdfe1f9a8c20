import { connect } from 'node:net';
import WebSocket from 'ws';
import { FlvReader, type FlvTag } from '../../src/protocol/flv/index.js';

export interface FlvPull {
  tags(): FlvTag[];
  /** Bytes of the FLV stream itself. */
  body(): Buffer;
  /** The connection is closed. */
  ended(): boolean;
  close(): void;
}

/** FLV tags over a raw HTTP request, chunks undone by hand: what is on the wire is what is tested. */
export function pullFlv(
  port: number,
  path: string,
  version = '1.1',
): FlvPull & {
  head(): string;
  /** The chunk of no bytes has come. */
  isTerminated(): boolean;
  pause(): void;
  resume(): void;
} {
  const socket = connect(port, '127.0.0.1');
  socket.write(`GET ${path} HTTP/${version}\r\nHost: 127.0.0.1\r\n\r\n`);
  const parts: Buffer[] = [];
  let ended = false;
  socket.on('data', (bytes: Buffer) => parts.push(bytes));
  socket.on('error', () => undefined);
  socket.on('close', () => (ended = true));
  const raw = () => Buffer.concat(parts);
  const split = () => raw().indexOf('\r\n\r\n');
  const body = (): Buffer => {
    if (split() < 0) return Buffer.alloc(0);
    const rest = raw().subarray(split() + 4);
    return version === '1.0' ? rest : unchunk(rest);
  };
  return {
    tags: () => new FlvReader().push(body()),
    body,
    head: () => raw().subarray(0, Math.max(0, split())).toString('latin1'),
    isTerminated: () => raw().toString('latin1').endsWith('\r\n0\r\n\r\n'),
    ended: () => ended,
    close: () => socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
}

function unchunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) break;
    const length = Number.parseInt(bytes.toString('latin1', at, end), 16);
    if (length === 0 || end + 2 + length + 2 > bytes.length) break;
    parts.push(bytes.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
  return Buffer.concat(parts);
}

/** The same over a WebSocket. */
export function pullWsFlv(port: number, path: string): FlvPull & { code(): number | undefined } {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  const messages: Buffer[] = [];
  let code: number | undefined;
  socket.on('message', (bytes: Buffer) => messages.push(bytes));
  socket.on('error', () => undefined);
  socket.on('close', (number) => (code = number));
  const body = () => Buffer.concat(messages);
  return {
    tags: () => new FlvReader().push(body()),
    body,
    ended: () => code !== undefined,
    code: () => code,
    close: () => socket.terminate(),
  };
}
