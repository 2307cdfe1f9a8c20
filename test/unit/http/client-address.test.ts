import type { IncomingMessage } from 'node:http';
import { assert, describe, test } from 'vitest';
import { clientAddress } from '../../../src/http/client-address.js';

const request = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

const proxies = ['10.0.0.0/8', 'fd00::/8'];

describe('X-Forwarded-For', () => {
  for (const [name, remote, forwarded, want] of [
    ['of a stranger is not believed', '192.0.2.1', '8.8.8.8', '192.0.2.1'],
    ['of a trusted proxy', '10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['of a trusted proxy on an IPv6 socket', '::ffff:10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['a chain of trusted proxies', '10.0.0.1', '192.0.2.1, 10.0.0.2,10.0.0.3', '192.0.2.1'],
    ['what the client itself made up', '10.0.0.1', '8.8.8.8, 192.0.2.1', '192.0.2.1'],
    ['a client that calls itself a proxy', '10.0.0.1', '8.8.8.8, 10.0.0.9, 192.0.2.1', '192.0.2.1'],
    ['IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
    ['with ports', '10.0.0.1', '[2001:db8::7]:4711, 10.0.0.2:80', '2001:db8::7'],
    ['missing', '10.0.0.1', undefined, '10.0.0.1'],
    ['unknown', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['unknown behind a second proxy', '10.0.0.1', '192.0.2.1, unknown, 10.0.0.2', '10.0.0.2'],
    ['empty', '10.0.0.1', '', '10.0.0.1'],
    ['script', '10.0.0.1', '<script>', '10.0.0.1'],
  ] as const)
    test(name, () => assert.equal(clientAddress(request(remote, forwarded), proxies), want));

  test('nobody is trusted: nobody is believed', () =>
    assert.equal(clientAddress(request('10.0.0.1', '192.0.2.1'), []), '10.0.0.1'));
});
