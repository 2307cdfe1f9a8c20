import { createHash } from 'node:crypto';
import type { ClientFacts, StreamFacts } from '../../stream/index.js';

/** Who sends the hooks. */
export interface HookSender {
  /** Of this machine's server, the same as in the HTTP API. */
  readonly server: string;
  /** Of this run of it. */
  readonly service: string;
}

/** A stream as hooks about its outputs name it. */
export type OutputFacts = Pick<StreamFacts, 'id' | 'ip' | 'vhost' | 'app' | 'stream' | 'param'>;

type Bytes = { readonly sent: number; readonly received: number };

const client = (action: string, { id, ip, vhost, app }: Pick<ClientFacts, 'id' | 'ip' | 'vhost' | 'app'>) => ({
  action,
  client_id: id,
  ip,
  vhost,
  app,
});

const sender = ({ server, service }: HookSender, event: string) => ({
  server_id: server,
  service_id: service,
  event_id: event,
});

const streamIds = ({ server }: HookSender, { vhost, app, stream }: OutputFacts) => {
  const url = `${vhost}/${app}/${stream}`;
  const id = createHash('sha256').update(`${server} ${url}`).digest('hex').slice(0, 7);
  return { stream_url: url, stream_id: `vid-${id}` };
};

/** JSON bodies of http.md §1.2: the fields of version 2 in their order, then those of 4 and 5, then the event's id. */
export const bodies = {
  connect: (facts: ClientFacts, from: HookSender, event: string) => ({
    ...client('on_connect', facts),
    tcUrl: facts.tcUrl,
    pageUrl: facts.pageUrl,
    ...sender(from, event),
  }),
  close: (facts: ClientFacts, bytes: Bytes, from: HookSender, event: string) => ({
    ...client('on_close', facts),
    send_bytes: bytes.sent,
    recv_bytes: bytes.received,
    ...sender(from, event),
  }),
  stream: (
    action: 'on_publish' | 'on_unpublish' | 'on_play' | 'on_stop',
    facts: StreamFacts,
    from: HookSender,
    event: string,
  ) => ({
    ...client(action, facts),
    stream: facts.stream,
    ...(action === 'on_publish' && { tcUrl: facts.tcUrl }),
    param: facts.param,
    ...(action === 'on_play' && { pageUrl: facts.pageUrl }),
    ...sender(from, event),
    ...streamIds(from, facts),
  }),
  /** @param more what the output has to say: `cwd`, `file`, … */
  output: (action: string, facts: OutputFacts, more: object, from: HookSender, event: string) => ({
    ...client(action, facts),
    stream: facts.stream,
    param: facts.param,
    ...more,
    ...sender(from, event),
    ...streamIds(from, facts),
  }),
};
