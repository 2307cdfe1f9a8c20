import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { sendQueues, tcpKey } from '../../../src/kernel/tcp-queues.js';

const pair = (host: string): Promise<{ server: Socket; client: Socket; close(): void }> =>
  new Promise((resolve, reject) => {
    const listener = createServer((server) => {
      const close = () => {
        server.destroy();
        client.destroy();
        listener.close();
      };
      resolve({ server, client, close });
    });
    let client: Socket;
    listener.once('error', reject);
    listener.listen(0, host, () => {
      client = connect((listener.address() as { port: number }).port, host);
    });
  });

const keyOf = (s: Socket) =>
  tcpKey(s.localAddress as string, s.localPort as number, s.remoteAddress as string, s.remotePort as number) as string;

describe('send queues of the kernel', () => {
  test('names are as /proc/net/tcp prints them', () => {
    expect(tcpKey('127.0.0.1', 1935, '10.1.2.3', 54321)).toBe('0100007F:078F 0302010A:D431');
    expect(tcpKey('::1', 1, '::ffff:10.1.2.3', 2)).toBe(
      '00000000000000000000000001000000:0001 0000000000000000FFFF00000302010A:0002',
    );
    expect(tcpKey('2001:db8::1', 1, '::', 2)?.slice(0, 32)).toBe('B80D0120000000000000000001000000');
    expect(tcpKey('x', 1, '::', 2)).toBeUndefined();
  });

  test.each(['127.0.0.1', '::1'])('what a peer at %s does not read is seen', async (host) => {
    const { server, client, close } = await pair(host);
    client.pause();
    const key = keyOf(server);
    expect((await sendQueues(new Set([key]))).get(key)).toBe(0);
    for (let i = 0; i < 200; i++) server.write(Buffer.alloc(65_536));
    await new Promise((r) => setTimeout(r, 100));
    expect((await sendQueues(new Set([key]))).get(key)).toBeGreaterThan(100_000);
    close();
  });
});
