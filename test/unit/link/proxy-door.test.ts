import type { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { assert, test } from 'vitest';
import { SrsError } from '../../../src/kernel/index.js';
import { ProxyDoor, peerOf } from '../../../src/link/index.js';
import { FakeClock } from '../../support/fake-clock.js';

const header = 'PROXY TCP4 192.0.2.7 10.0.0.1 4711 1935\r\n';

function door() {
  const clock = new FakeClock();
  const passed: Socket[] = [];
  const refused: string[] = [];
  const it = new ProxyDoor(clock, {
    passed: (socket) => void passed.push(socket),
    refused: (_socket, why) => void refused.push(why instanceof SrsError ? why.code : String(why)),
  });
  const enter = (optional: boolean, ...bytes: string[]): PassThrough => {
    const socket = new PassThrough();
    it.enter(socket as unknown as Socket, { optional });
    for (const slice of bytes) socket.write(slice);
    return socket;
  };
  return { it, clock, passed, refused, enter };
}

test('the client is known, and what follows the header is there for the next reader', async () => {
  const { it, passed, enter } = door();
  enter(false, header.slice(0, 10), `${header.slice(10)}he`, 'llo');
  await setImmediate();
  const socket = passed[0] as Socket;
  assert.deepEqual(peerOf(socket), { address: '192.0.2.7', port: 4711 });
  let text = '';
  socket.on('data', (bytes: Buffer) => (text += bytes)).resume();
  await setImmediate();
  assert.equal(text, 'hello');
  assert.equal(it.waiting, 0);
});

test('no header, or none within 5 s: refused, each once', async () => {
  const { it, clock, passed, refused, enter } = door();
  const sockets = [enter(false, 'GET / HTTP/1.1'), enter(false), enter(false, header.slice(0, 20))];
  await setImmediate();
  assert.deepEqual(refused, ['PROXY_HEADER']);
  clock.advance(5001);
  assert.deepEqual(refused, ['PROXY_HEADER', 'TIMEOUT', 'TIMEOUT']);
  await setImmediate();
  assert.isTrue(sockets.every((socket) => socket.destroyed));
  assert.deepEqual([it.waiting, passed.length, refused.length], [0, 0, 3]);
});

test('where it is optional, a connection without one passes with all of its bytes', async () => {
  const { passed, enter } = door();
  enter(true, 'P', 'OST / HTTP/1.1');
  await setImmediate();
  let text = '';
  passed[0]?.on('data', (bytes: Buffer) => (text += bytes)).resume();
  await setImmediate();
  assert.equal(text, 'POST / HTTP/1.1');
});

test('closing the door closes who waits', async () => {
  const { it, refused, enter } = door();
  enter(false);
  it.close();
  await setImmediate();
  assert.deepEqual([it.waiting, refused], [0, ['CLOSED']]);
});
