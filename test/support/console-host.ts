import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { WebSocketServer } from 'ws';
import { background } from './run.js';

const page = join(import.meta.dirname, '../../dist/console');
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

export interface ConsoleHost {
  readonly origin: string;
  /** What `console/streams.json` answers. */
  streams: unknown[];
  rtmpPort: number | null;
  /** Paths that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

/**
 * A server that has the page, a list of streams that the test sets, and a file in real time as any `.flv` by HTTP
 * and WebSocket.
 */
export async function hostConsole(flv: string): Promise<ConsoleHost> {
  const asked: string[] = [];
  const play = (write: (bytes: Buffer) => void) => {
    const args = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', flv, '-c', 'copy', '-f', 'flv', 'pipe:1'];
    const ffmpeg = background('ffmpeg', args);
    ffmpeg.child.stdout?.removeAllListeners('data').setEncoding('binary');
    ffmpeg.child.stdout?.on('data', (text: string) => write(Buffer.from(text, 'binary')));
    return () => void ffmpeg.stop();
  };
  const file = async (answer: ServerResponse, path: string) => {
    try {
      const bytes = await readFile(path);
      answer.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' }).end(bytes);
    } catch {
      answer.writeHead(404).end();
    }
  };
  const server = createServer((request, answer) => {
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    asked.push(request.url ?? '');
    if (pathname === '/console/streams.json') {
      answer
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ rtmpPort: host.rtmpPort, streams: host.streams }));
    } else if (pathname.endsWith('.flv')) {
      answer.writeHead(200, { 'content-type': 'video/x-flv' });
      answer.once(
        'close',
        play((bytes) => answer.write(bytes)),
      );
    } else void file(answer, join(page, pathname === '/' ? 'index.html' : pathname));
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => {
    asked.push(`ws:${request.url}`);
    socket.once(
      'close',
      play((bytes) => socket.send(bytes)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const host: ConsoleHost = {
    origin: `http://127.0.0.1:${address.port}`,
    streams: [],
    rtmpPort: 1935,
    asked,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return host;
}
