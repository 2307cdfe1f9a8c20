import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';

const FILE = 5 * 2 ** 20;
/** Sent ahead, as many as a connection may. */
const TIMES = 12;

/** Whether the server still has its end of a connection: one that does not read hears nothing of the close. */
function isServed({ localPort, remotePort }: Socket): boolean {
  const [client, server] = [localPort, remotePort].map((port) =>
    (port ?? 0).toString(16).padStart(4, '0').toUpperCase(),
  );
  return new RegExp(`:${server} \\w+:${client} 01 `).test(readFileSync('/proc/net/tcp', 'utf8'));
}

test('a client that asks for files and reads none of them is closed within a minute; one that reads slowly is not', async () => {
  const srs = await startSrs({
    config:
      'listen PORT; pid DIR/srs.pid; srs_log_tank console; http_server { enabled on; listen HTTP_PORT; dir DIR; } vhost __defaultVhost__ { }',
  });
  writeFileSync(join(srs.dir, 'big.bin'), Buffer.alloc(FILE));
  const ask = () => {
    const socket = connect(srs.ports.HTTP_PORT as number, '127.0.0.1');
    const client = { socket, bytes: 0, closed: false };
    socket.on('data', (bytes) => (client.bytes += bytes.length));
    socket.on('error', () => undefined);
    socket.on('close', () => (client.closed = true));
    socket.write('GET /big.bin HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(TIMES));
    return client;
  };
  const deaf = ask();
  deaf.socket.pause();
  const slow = ask();
  await until('both are served', () => isServed(deaf.socket) && isServed(slow.socket));
  const since = performance.now();
  while (isServed(deaf.socket) && performance.now() - since < 65_000) {
    slow.socket.pause();
    await sleep(900);
    slow.socket.resume();
    await sleep(100);
  }
  expect(isServed(deaf.socket)).toBe(false);
  deaf.socket.resume();
  await until('it is closed', () => deaf.closed);
  expect(deaf.bytes).toBeLessThan(TIMES * FILE);
  await until('the other has all', () => slow.bytes > TIMES * FILE, 20_000);
  slow.socket.destroy();
}, 120_000);
