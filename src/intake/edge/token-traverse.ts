import { ms } from '../../core/index.js';
import { RefusedError, SrsError } from '../../kernel/index.js';
import { RtmpClient } from '../../link/index.js';
import { upstreamIdentity } from '../../relay/index.js';
import type { ClientFacts } from '../../stream/index.js';
import { edgeOf, upstreamsOf } from './origins.js';
import type { EdgeEnvironment } from './ports.js';

/** Each step of the question may take so long (spec/rtmp.md §9). */
const TIMEOUT = ms(3000);

/**
 * Asks the first origin that answers whether a client may come in, with what the client itself said on `connect`: its
 * tcUrl with the token, app and pages (`token_traverse`). Nobody comes in while no origin answers.
 * @throws {RefusedError} ORIGIN_REFUSED with the origin's words, ORIGIN_UNREACHABLE
 */
export async function traverseToken(client: ClientFacts, env: EdgeEnvironment): Promise<void> {
  const vhost = edgeOf(env.config(), client.vhost);
  if (vhost?.cluster.tokenTraverse !== true) return;
  let why = '';
  for (const { url } of upstreamsOf(vhost, { vhost: client.vhost, app: client.app, stream: 'token' }))
    try {
      return await ask(url, client, env, vhost.cluster.debugSrsUpnode);
    } catch (error) {
      if (!(error instanceof SrsError)) throw error;
      if (isAnswer(error)) throw refusal(error);
      why = error.message;
    }
  throw new RefusedError('ORIGIN_UNREACHABLE', 'no origin can be reached', { said: why });
}

async function ask(url: string, client: ClientFacts, env: EdgeEnvironment, isNamed: boolean): Promise<void> {
  const { app, param, pageUrl, swfUrl } = client;
  const asked = await RtmpClient.connect(url, {
    timeout: TIMEOUT,
    deadlines: env.deadlines,
    properties: { app: app + param, tcUrl: tcUrlOf(client), pageUrl, swfUrl },
    ...(isNamed && { identity: upstreamIdentity(client.id) }),
  });
  asked.close();
}

/** A player over HTTP has said no tcUrl: it is the one that it would have said. */
function tcUrlOf({ protocol, tcUrl, param }: ClientFacts): string {
  return protocol === 'rtmp'
    ? tcUrl
    : tcUrl.replace(/^https?:/, 'rtmp:').replace(/^(rtmp:\/\/[^/]*?):\d+\//, '$1/') + param;
}

/** An origin of version 1 hangs up where a newer one says why. */
const isAnswer = ({ code }: SrsError): boolean => code === 'REMOTE_REFUSED' || code === 'CLOSED';

const refusal = ({ code, message }: SrsError): RefusedError =>
  new RefusedError(
    'ORIGIN_REFUSED',
    code === 'CLOSED' ? 'the origin does not let the client in' : message.replace('the server', 'the origin'),
  );
