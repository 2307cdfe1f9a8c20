import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { CertificatePair } from './certificate.js';

/** A body as the server sends it. */
export type HookBody = { readonly action: string; readonly client_id: string } & Readonly<Record<string, unknown>>;

export interface HookCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: HookBody;
}

/** What the server does with a call; the default is to answer `0`. */
export type Behaviour = (call: HookCall, response: ServerResponse, request: IncomingMessage) => void;

export const say =
  (text: string, status = 200): Behaviour =>
  (_call, response) =>
    void response.writeHead(status).end(text);

export interface HookServer {
  readonly port: number;
  readonly url: string;
  readonly calls: HookCall[];
  /** Actions in the order of arrival. */
  actions(): string[];
  of(action: string): HookCall[];
  /** By action, or `*` for all others. */
  readonly behaviour: Record<string, Behaviour | undefined>;
}

/** A real hook server, closed after the test. @param pair makes it one of HTTPS. */
export async function startHooks(
  behaviour: Record<string, Behaviour | undefined> = {},
  pair?: CertificatePair,
): Promise<HookServer> {
  const calls: HookCall[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    let text = '';
    request.on('data', (bytes: Buffer) => (text += bytes));
    request.on('end', () => {
      const body = (text === '' ? { action: 'GET', client_id: '' } : JSON.parse(text)) as HookBody;
      const call = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, text, body };
      calls.push(call);
      (behaviour[body.action] ?? behaviour['*'] ?? say('0'))(call, response, request);
    });
  };
  const server =
    pair === undefined
      ? createServer(handle)
      : createTlsServer({ key: readFileSync(pair.key), cert: readFileSync(pair.cert) }, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${pair === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    calls,
    actions: () => calls.map(({ body }) => body.action),
    of: (action) => calls.filter(({ body }) => body.action === action),
    behaviour,
  };
}

const EVENTS = ['on_connect', 'on_close', 'on_publish', 'on_unpublish', 'on_play', 'on_stop'];

/** `http_hooks { … }` with every event at one URL. */
export const allHooks = (url: string, more = ''): string =>
  `http_hooks { enabled on; ${EVENTS.map((event) => `${event} ${url};`).join(' ')} ${more} }`;

/** A configuration whose default vhost holds this text. */
export const confOf = (vhost: string, root = ''): string => `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
${root}
vhost __defaultVhost__ { ${vhost} }
`;
