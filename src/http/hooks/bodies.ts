import { type ClientFacts, idOf, type ServerIdentity, type StreamFacts, streamKey } from '../../stream/index.js';

/** A stream as hooks about its outputs name it. */
export type OutputFacts = Pick<StreamFacts, 'id' | 'ip' | 'vhost' | 'app' | 'stream' | 'param' | 'program'>;

type Bytes = { readonly sent: number; readonly received: number };

const client = (
  action: string,
  { id, ip, vhost, app, program }: Pick<ClientFacts, 'id' | 'ip' | 'vhost' | 'app' | 'program'>,
) => ({
  action,
  client_id: id,
  ip,
  vhost,
  app,
  ...(program !== undefined && { program }),
});

const sender = ({ server, service }: ServerIdentity, event: string) => ({
  server_id: server,
  service_id: service,
  event_id: event,
});

const streamIds = (from: ServerIdentity, facts: OutputFacts) => {
  const key = streamKey(facts);
  return { stream_url: key, stream_id: idOf(from, key) };
};

const stream = (
  action: 'on_publish' | 'on_unpublish' | 'on_play' | 'on_stop',
  facts: StreamFacts,
  from: ServerIdentity,
  event: string,
) => ({
  ...client(action, facts),
  stream: facts.stream,
  ...(action === 'on_publish' && { tcUrl: facts.tcUrl }),
  param: facts.param,
  ...(action === 'on_play' && { pageUrl: facts.pageUrl }),
  ...sender(from, event),
  ...streamIds(from, facts),
});

/** JSON bodies of spec/http.md §1.2: the fields of version 2 in their order, then those of 4 and 5, then the event's id. */
export const bodies = {
  connect: (facts: ClientFacts, from: ServerIdentity, event: string) => ({
    ...client('on_connect', facts),
    tcUrl: facts.tcUrl,
    pageUrl: facts.pageUrl,
    ...sender(from, event),
  }),
  close: (facts: ClientFacts, bytes: Bytes, from: ServerIdentity, event: string) => ({
    ...client('on_close', facts),
    send_bytes: bytes.sent,
    recv_bytes: bytes.received,
    ...sender(from, event),
  }),
  stream,
  /** @param replacedBy the client that took the stream over; the stream is live, so the end is not its end. */
  unpublish: (facts: StreamFacts, replacedBy: string | undefined, from: ServerIdentity, event: string) => ({
    ...stream('on_unpublish', facts, from, event),
    ...(replacedBy !== undefined && { replaced_by: replacedBy }),
  }),
  /** The question where a stream shall be pushed to. */
  forward: (facts: StreamFacts, from: ServerIdentity, event: string) => ({
    ...client('on_forward', facts),
    tcUrl: facts.tcUrl,
    stream: facts.stream,
    param: facts.param,
    ...sender(from, event),
    ...streamIds(from, facts),
  }),
  /** @param more what the output has to say: `cwd`, `file`, … */
  output: (action: string, facts: OutputFacts, more: object, from: ServerIdentity, event: string) => ({
    ...client(action, facts),
    stream: facts.stream,
    param: facts.param,
    ...more,
    ...sender(from, event),
    ...streamIds(from, facts),
  }),
};
