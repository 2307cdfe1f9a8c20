import type { IncomingMessage } from 'node:http';

/** What a client is told that sends more than one Host. */
export const SEVERAL_HOSTS = 'more than one Host header';

/**
 * Node takes the first Host, a proxy in front may go by the last one: the two would not mean the same vhost, so such a
 * request is refused (RFC 9112 §3.2).
 */
export function hasSeveralHosts({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): boolean {
  let hosts = 0;
  // Names stand at the even places. Their length first: every request for a segment passes here.
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.length === 4 && rawHeaders[i]?.toLowerCase() === 'host') hosts++;
  return hosts > 1;
}
