import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';

const FILE = 2 ** 20;
const TIMES = 60;

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
  for (let second = 0; second < 65; second++) {
    slow.socket.pause();
    await sleep(900);
    slow.socket.resume();
    await sleep(100);
  }
  deaf.socket.resume();
  await until('it is closed', () => deaf.closed);
  expect(deaf.bytes).toBeLessThan(TIMES * FILE);
  await until('the other has all', () => slow.bytes > TIMES * FILE, 20_000);
  slow.socket.destroy();
}, 120_000);
