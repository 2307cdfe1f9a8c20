import { SrsError } from '../../kernel/index.js';
import { ApiClient, type EdgeAnswer, type ForwardAnswer, type IngestAnswer } from './api-client.js';
import { top } from './top.js';
import { clientsView, edgesView, forwardsView, ingestsView, statsView, streamsView } from './views.js';

export interface CtlOptions {
  readonly api: string;
  readonly token: string;
  readonly json: boolean;
}

export interface KickOptions {
  readonly publisher?: true;
  readonly viewers?: true;
}

type Action = (api: ApiClient, print: (answer: unknown, text: string) => void) => Promise<void>;

/** What can be asked of a running server. */
export const actions = {
  streams: async (api, print) => {
    const streams = await api.streams();
    print(streams, streamsView(streams));
  },
  clients: async (api, print) => {
    const clients = await api.clients();
    print(clients, clientsView(clients));
  },
  forwards: async (api, print) => {
    const forwards = await api.list<ForwardAnswer>('forwards');
    print(forwards, forwardsView(forwards));
  },
  edges: async (api, print) => {
    const edges = await api.list<EdgeAnswer>('edges');
    print(edges, edgesView(edges));
  },
  ingests: async (api, print) => {
    const ingests = await api.list<IngestAnswer>('ingests');
    print(ingests, ingestsView(ingests));
  },
  stats: async (api, print) => {
    const summaries = await api.summaries();
    print(summaries, statsView(summaries));
  },
  reload: async (api, print) => {
    const answer = await api.ask<{ changes: string[]; warnings: string[] }>('POST', '/api/v1/reload');
    const changes = answer.changes.length === 0 ? ['nothing changed'] : answer.changes;
    print(answer, [...changes, ...answer.warnings.map((warning) => `warning: ${warning}`)].join('\n'));
  },
  top: (api) => top(api),
} as const satisfies Record<string, Action>;

/** The name of a stream, or its id; clients have neither. */
const STREAM = /\/|^vid-/;

/** Ends a client; or the publisher or all viewers of a stream, by its id or as `app/stream` or `vhost/app/stream`. */
export const kick =
  (target: string, { publisher, viewers }: KickOptions): Action =>
  async (api, print) => {
    const of = publisher ? 'publisher' : viewers ? 'viewers' : undefined;
    if (of === undefined && STREAM.test(target))
      throw new SrsError('API_REQUEST', `${target} is a stream: add --publisher or --viewers`);
    const path =
      of === undefined ? `clients/${encodeURIComponent(target)}` : `streams/${await streamId(api, target)}/${of}`;
    const answer = await api.ask<{ kicked?: number }>('DELETE', `/api/v1/${path}`);
    print(answer, of === 'viewers' ? `${answer.kicked ?? 0} kicked` : 'kicked');
  };

async function streamId(api: ApiClient, target: string): Promise<string> {
  if (!target.includes('/')) return encodeURIComponent(target);
  const names = [target, `__defaultVhost__/${target}`];
  const found = (await api.streams()).find(({ stream_url }) => names.includes(stream_url));
  if (found === undefined) throw new SrsError('API_NOT_FOUND', `there is no stream ${target}`);
  return encodeURIComponent(found.id);
}

/** @returns the exit code. @throws {SrsError} one line for the operator. */
export async function ctl(action: Action, { api, token, json }: CtlOptions): Promise<number> {
  if (!URL.canParse(api)) throw new SrsError('UNREACHABLE', `--api "${api}" is no URL: http://HOST:1985`);
  await action(new ApiClient(api, token), (answer, text) => console.log(json ? JSON.stringify(answer, null, 2) : text));
  return 0;
}
