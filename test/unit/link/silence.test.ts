import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ms } from '../../../src/core/index.js';
import { Deadlines } from '../../../src/link/deadlines.js';
import { RtmpLink } from '../../../src/link/rtmp-link.js';
import { ClientHandshake, encodeChunks, ServerHandshake } from '../../../src/protocol/rtmp/index.js';
import { FakeClock } from '../../support/fake-clock.js';

const SECOND = 1000;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A link whose peer is connected and says nothing, on a clock of the test's. */
async function silentPeer() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const peer = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [socket] = (await once(server, 'connection')) as [Socket];
  server.close();
  sockets.push(peer, socket);
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  let reason: Error | undefined;
  const nothing = (): void => undefined;
  const link = new RtmpLink(
    socket,
    new ServerHandshake(),
    { ready: nothing, message: nothing, settled: nothing, drained: nothing, closed: (why) => (reason = why) },
    deadlines,
  );
  const pass = (seconds: number): void => {
    for (let i = 0; i < 4 * seconds; i++) {
      clock.advance(SECOND / 4);
      deadlines.tick();
    }
  };
  /** The whole process: nothing runs, time goes on. */
  const standStill = (seconds: number): void => {
    clock.advance(seconds * SECOND);
    deadlines.tick();
  };
  return { peer, link, pass, standStill, reason: () => reason };
}

async function silentPlayer() {
  const it = await silentPeer();
  it.link.watch.startPings();
  return it;
}

/** C0, C1 and C2. */
const HANDSHAKE = 1 + 2 * 1536;
/** A ping request is 18 bytes: a header of 12, the event and a time. */
const PING = 18;

test('an idle player is pinged after 30 s, and one that answers nothing is closed after 95 s (R3)', async () => {
  const { link, pass, reason } = await silentPlayer();
  pass(29);
  expect(link.bytesOut).toBe(0);
  pass(2);
  expect(link.bytesOut).toBe(PING);
  pass(63);
  expect(link.isClosed).toBe(false);
  pass(35);
  expect(link.isClosed).toBe(true);
  expect(reason()?.message).toMatch(/answer to pings/);
});

test('one that says anything stays', async () => {
  const { peer, link, pass } = await silentPlayer();
  for (let minute = 0; minute < 5; minute++) {
    pass(60);
    peer.write('\x03');
    const { bytesIn } = link;
    await expect.poll(() => link.bytesIn).toBe(bytesIn + 1);
  }
  expect(link.isClosed).toBe(false);
});

test('what this side ends is closed 2 s later, if the peer has not done so', async () => {
  const { link, pass } = await silentPlayer();
  link.end();
  pass(1.75);
  expect(link.isClosed).toBe(false);
  pass(0.5);
  expect(link.isClosed).toBe(true);
});

test('a publisher whose message takes long is not silent, unless it never ends', async () => {
  const { peer, link, pass, reason } = await silentPeer();
  const handshake = new ClientHandshake('simple');
  peer.write(handshake.start());
  while (!handshake.done) {
    const [bytes] = (await once(peer, 'data')) as [Buffer];
    const answer = handshake.push(bytes);
    if (answer !== undefined) peer.write(answer);
  }
  await expect.poll(() => link.bytesIn).toBe(HANDSHAKE);
  link.watch.expectMessages(ms(5 * SECOND));
  const message = encodeChunks({ csid: 6, type: 9, streamId: 1, timestamp: 0, payload: Buffer.alloc(1000) }, 128);
  for (let i = 0; i < 20; i++) {
    const before = link.bytesIn;
    peer.write(message.subarray(i * 10, i * 10 + 10));
    await expect.poll(() => link.bytesIn).toBe(before + 10);
    expect(reason(), `part ${i}`).toBeUndefined();
    pass(4);
    if (link.isClosed) break;
  }
  expect(reason()?.message).toMatch(/a message within 5000 ms/);
  // 60 s in which the message may take its time, 5 s of silence, and no more.
  expect(link.bytesIn - HANDSHAKE).toBeGreaterThan(12 * 10);
});

test('a process that stood still, as on a suspended machine, closes nobody before it has read what came', async () => {
  const { link, pass, standStill, reason } = await silentPlayer();
  link.watch.expect('a first word', ms(5 * SECOND));
  pass(2);
  standStill(3600);
  expect(reason()).toBeUndefined();
  pass(1);
  expect(reason()?.message).toMatch(/a first word/);
});

test('a process that is late at every turn keeps its deadlines all the same', async () => {
  const { link, standStill, reason } = await silentPlayer();
  link.watch.expect('a first word', ms(5 * SECOND));
  for (let i = 0; i < 4; i++) standStill(2);
  expect(reason()?.message).toMatch(/a first word/);
});
