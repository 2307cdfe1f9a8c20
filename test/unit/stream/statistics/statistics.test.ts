import { beforeEach, expect, test } from 'vitest';
import { parseConfig } from '../../../../src/config/index.js';
import { freeze } from '../../../../src/core/index.js';
import {
  type Client,
  ClientRegistry,
  type ClientType,
  FanoutGovernor,
  Statistics,
  StreamHub,
} from '../../../../src/stream/index.js';
import { FakeClock } from '../../../support/fake-clock.js';

const NAME = { vhost: '__defaultVhost__', app: 'live', stream: 'a' };
const KEY = '__defaultVhost__/live/a';

class FakeClient implements Client {
  readonly facts;
  type: ClientType = 'Unknown';
  streamKey: string | undefined;
  readonly viewer = undefined;
  readonly since = 0;
  bytesIn = 0;
  bytesOut = 0;

  constructor(id: string, vhost = '__defaultVhost__') {
    const facts = { id, ip: '10.0.0.1', peer: '10.0.0.1:1', protocol: 'rtmp' as const, vhost, app: 'live' };
    this.facts = { ...facts, param: '', tcUrl: '', pageUrl: '', swfUrl: '' };
  }

  kick(): void {}
}

let clock: FakeClock;
let clients: ClientRegistry;
let hub: StreamHub;
let statistics: Statistics;

beforeEach(async () => {
  clock = new FakeClock();
  clients = new ClientRegistry();
  const { config } = parseConfig('listen 1935; vhost __defaultVhost__ { } vhost other { }', 'test.conf');
  hub = new StreamHub(() => config, clock, new FanoutGovernor(clock), {});
  statistics = new Statistics(hub, clients, clock);
  await statistics.start();
});

function join(id: string, type: ClientType, key: string | undefined = KEY): FakeClient {
  const client = new FakeClient(id);
  clients.add(client);
  client.type = type;
  client.streamKey = key;
  clients.moved(client);
  return client;
}

const publish = (id: string) => {
  const client = join(id, 'fmle-publish');
  return { client, publication: hub.obtain(NAME).publish({ id, evicted: () => undefined }) };
};

test('bytes of all clients, in and out, by stream, vhost and server', () => {
  const { client } = publish('p');
  client.bytesIn = 1000;
  const player = join('v', 'Play');
  player.bytesOut = 700;
  const elsewhere = new FakeClient('o', 'other');
  clients.add(elsewhere);
  elsewhere.bytesIn = 5;
  expect(statistics.stream(KEY)).toMatchObject({ bytesIn: 1000, bytesOut: 700, clients: 2, publishers: 1 });
  const [mine, other] = statistics.vhosts(['__defaultVhost__', 'other', 'unused']);
  expect(mine).toMatchObject({ bytesIn: 1000, bytesOut: 700, clients: 2, publishers: 1, streams: 1 });
  expect(other).toMatchObject({ bytesIn: 5, clients: 1, publishers: 0, streams: 0 });
  expect(statistics.server).toMatchObject({ bytesIn: 1005, bytesOut: 700, clients: 3, publishers: 1, streams: 1 });
});

test('what clients brought stays when they leave', () => {
  const { client, publication } = publish('p');
  const player = join('v', 'Play');
  client.bytesIn = 1000;
  player.bytesOut = 900;
  clients.remove(player);
  clients.remove(player);
  expect(statistics.stream(KEY)).toMatchObject({ bytesOut: 900, clients: 1 });
  publication.release();
  clients.remove(client);
  clock.advance(60_000);
  expect(statistics.stream(KEY)).toBeUndefined();
  expect(statistics.server).toMatchObject({ bytesIn: 1000, bytesOut: 900, clients: 0, publishers: 0, streams: 0 });
  expect(statistics.vhosts(['__defaultVhost__'])[0]).toMatchObject({ bytesIn: 1000, bytesOut: 900 });
});

test('bytes of a connection belong to the stream that it used when they came', () => {
  const player = join('v', 'Play');
  player.bytesOut = 100;
  player.streamKey = undefined;
  player.type = 'Unknown';
  clients.moved(player);
  player.bytesOut = 130;
  player.streamKey = '__defaultVhost__/live/b';
  player.type = 'Play';
  clients.moved(player);
  player.bytesOut = 200;
  hub.obtain(NAME);
  hub.obtain({ ...NAME, stream: 'b' });
  expect(statistics.stream(KEY)).toMatchObject({ bytesOut: 100, clients: 0 });
  expect(statistics.stream('__defaultVhost__/live/b')).toMatchObject({ bytesOut: 70, clients: 1 });
  expect(statistics.server.bytesOut).toBe(200);
});

test('rates are means over the last 30 s, and of a younger stream over its life', () => {
  const { client } = publish('p');
  const flow = (seconds: number, kbps: number) => {
    for (let i = 0; i < seconds * 2; i++) {
      client.bytesIn += (kbps / 8) * 500;
      clock.advance(500);
    }
  };
  flow(10, 800);
  expect(statistics.stream(KEY)?.kbpsIn).toBeCloseTo(800);
  flow(40, 400);
  expect(statistics.stream(KEY)?.kbpsIn).toBeCloseTo(400);
  flow(15, 0);
  expect(statistics.server.kbpsIn).toBeCloseTo(200);
  flow(30, 0);
  expect(statistics.stream(KEY)).toMatchObject({ kbpsIn: 0, bytesIn: 1_000_000 + 2_000_000 });
});

test('who publishes, from where and since when', () => {
  const { publication } = publish('p');
  const since = clock.wall();
  clock.advance(5000);
  expect(statistics.stream(KEY)?.publisher).toEqual({ id: 'p', ip: '10.0.0.1', since });
  publication.media('video', 0, freeze(Buffer.from('17010000000000000265', 'hex')));
  expect(statistics.stream(KEY)).toMatchObject({ frames: 1, video: { codec: 'avc' } });
  publication.release();
  expect(statistics.stream(KEY)).toMatchObject({ publisher: undefined, video: undefined, frames: 1 });
});

test('names that nobody uses any more are forgotten (reliability R7)', () => {
  const before = clock.timers;
  for (let i = 0; i < 1000; i++) clients.remove(join(`${i}`, 'Play', `__defaultVhost__/live/${i}`));
  clock.advance(5000);
  expect([...statistics.streams()]).toEqual([]);
  expect(clock.timers).toBe(before);
  join('again', 'Play', '__defaultVhost__/live/7').bytesOut = 3;
  hub.obtain({ ...NAME, stream: '7' });
  expect(statistics.stream('__defaultVhost__/live/7')?.bytesOut).toBe(3);
});
