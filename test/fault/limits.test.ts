import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AmfObject, type AmfValue, encodeAmf0 } from '../../src/protocol/amf/index.js';
import {
  ClientHandshake,
  command,
  control,
  encodeChunks,
  MessageType,
  type OutMessage,
} from '../../src/protocol/rtmp/index.js';
import { RawPeer } from '../support/raw-peer.js';
import { rss } from '../support/rss.js';
import { background, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { pause, publish, type Recording, record, times } from '../support/streams.js';
import { feed, tag } from '../support/synthetic.js';

/**
 * Every limit of architecture.md §6 on the running server. Most of this is waiting, so it runs side by side: on one
 * server what may disturb others, which it must not, and apart what measures memory or CPU.
 */

const configOf = (root: string, vhost: string) => `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
${root}
vhost __defaultVhost__ { ${vhost} }
`;

/** Reports, at SIGUSR2, what the heap holds after a collection, and which listeners and timers there are. */
const inspector = `
require('node:v8').setFlagsFromString('--expose-gc');
const gc = require('node:vm').runInNewContext('gc');
process.on('SIGUSR2', () => {
  gc();
  const count = (emitter) => emitter.eventNames().reduce((n, name) => n + emitter.listenerCount(name), 0);
  const sockets = process._getActiveHandles().filter((h) => h.remotePort !== undefined);
  const timers = process.getActiveResourcesInfo().filter((r) => r === 'Timeout').length;
  const { heapUsed, external } = process.memoryUsage();
  const report = { heap: (heapUsed + external) / 2 ** 20, sockets: sockets.length, timers };
  console.error('REPORT ' + JSON.stringify({ ...report, listeners: Math.max(0, ...sockets.map(count)), process: count(process) }));
});
`;

interface Report {
  /** MiB */
  heap: number;
  sockets: number;
  timers: number;
  /** Of the socket that has most. */
  listeners: number;
  process: number;
}

let shared: Srs;
let memory: Srs;
let churn: Srs;
let small: Srs;
let chunks: Srs;
let dir: string;
let pair: Awaited<ReturnType<typeof startPair>>;

/** A publisher and its player that must not notice anything. */
async function startPair(srs: Srs, stream: string, bytes: number) {
  const url = srs.url('live', stream);
  const player = await record(url);
  const publisher = await publish(url);
  let on = true;
  let frames = 0;
  const running = (async () => {
    publisher.send(tag.avcConfig());
    const start = performance.now();
    while (on) {
      publisher.send((frames % 25 === 0 ? tag.key : tag.inter)(frames * 40, bytes));
      frames++;
      await pause(Math.max(1, frames * 40 - (performance.now() - start)));
    }
  })();
  return {
    player,
    async stop(): Promise<void> {
      on = false;
      await running;
      await player.until('every frame', () => times(player.media(), 'video').length === frames, 20_000);
      expect(times(player.media(), 'video')).toEqual(Array.from({ length: frames }, (_, i) => i * 40));
      expect(player.closed()).toBe(false);
    },
    get frames() {
      return frames;
    },
  };
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'srs-limits-'));
  await writeFile(join(dir, 'inspector.cjs'), inspector);
  const env = { NODE_OPTIONS: `--require ${join(dir, 'inspector.cjs')}` };
  [shared, memory, churn, small, chunks] = await Promise.all([
    startSrs({ config: configOf('max_connections 5000;', 'queue_length 2; publish { normal_timeout 5000; }') }),
    startSrs(),
    startSrs({ config: configOf('', 'publish { grace 0.1; }'), env }),
    startSrs({ config: configOf('max_connections 5;', '') }),
    startSrs(),
  ]);
  pair = await startPair(shared, 'steady', 10_000);
});

afterAll(() => rm(dir, { recursive: true }));

interface Line {
  time: string;
  level: number;
  msg: string;
  code?: string;
  peer?: string;
  why?: string;
}

const lines = (srs: Srs): Line[] =>
  srs
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Line);

/** The lines that are more than news about a peer, once it is gone. */
async function complaints(srs: Srs, peer: RawPeer): Promise<Line[]> {
  const mine = (): Line[] =>
    lines(srs).filter((line) => line.peer === peer.name && Date.parse(line.time) >= peer.bornAt);
  await until('the end is logged', () => mine().some((line) => line.msg.startsWith('connection ')));
  return mine().filter((line) => line.level >= 40);
}

const video = (payload: Uint8Array, csid = 6): OutMessage => ({
  csid,
  type: MessageType.video,
  streamId: 1,
  timestamp: 0,
  payload,
});
const raw = (type: number, payload: Uint8Array, csid = 3): OutMessage => ({
  csid,
  type,
  streamId: 0,
  timestamp: 0,
  payload,
});
/** A fmt 0 header and nothing else. */
const header = (csid: number, type: number, length: number): Buffer =>
  encodeChunks({ csid, type, streamId: 1, timestamp: 0, payload: Buffer.alloc(1) }, 128)
    .fill(length >> 16, 4, 5)
    .fill((length >> 8) & 255, 5, 6)
    .fill(length & 255, 6, 7)
    .subarray(0, 12);

const publishing = async (stream: string): Promise<RawPeer> => {
  const peer = await RawPeer.connected(shared.port);
  peer.call('createStream');
  peer.say('publish', stream, 'live');
  await peer.said('onStatus NetStream.Publish.Start');
  return peer;
};

let names = 0;
const fresh = (): string => `limit${names++}`;

// ---- time

describe.concurrent('time limits', () => {
  test.each<[string, (peer: RawPeer) => void]>([
    ['that says nothing', () => undefined],
    ['that stops after C0', (peer) => peer.write(Buffer.of(3))],
    ['that stops in the middle of C1', (peer) => peer.write(new ClientHandshake('complex').start().subarray(0, 700))],
    ['that never sends C2', (peer) => peer.write(new ClientHandshake('simple').start().fill(0, 5, 9))],
    [
      'that sends a byte now and then',
      (peer) => {
        const timer = setInterval(() => (peer.closed ? clearInterval(timer) : peer.write(Buffer.of(3))), 200);
      },
    ],
  ])('handshake: a peer %s is closed after 5 s', async (what, act) => {
    const peer = await RawPeer.open(shared.port);
    // RawPeer answers S1 of itself; this one must not.
    if (what.includes('C2')) peer.socket.removeAllListeners('data').resume();
    act(peer);
    // The next limit is 10 s.
    const after = await peer.gone(12_000);
    expect(after).toBeGreaterThan(4900);
    expect(after).toBeLessThan(9500);
    expect(await complaints(shared, peer)).toEqual([expect.objectContaining({ code: 'TIMEOUT' })]);
  });

  test.each<[string, (peer: RawPeer) => void]>([
    ['shakes hands', () => undefined],
    ['connects', (peer) => peer.connect({ tcUrl: 'rtmp://h/live' })],
    [
      'connects and keeps talking',
      (peer) => {
        peer.connect({ tcUrl: 'rtmp://h/live' });
        const talk = (): void => {
          if (peer.closed) return clearInterval(timer);
          peer.call('createStream');
          peer.send(control.pingRequest(1));
        };
        const timer = setInterval(talk, 300);
      },
    ],
  ])('a peer that only %s is closed after 10 s', async (_, act) => {
    const peer = await RawPeer.shaken(shared.port);
    act(peer);
    const after = await peer.gone(20_000);
    expect(after).toBeGreaterThan(9900);
    expect(await complaints(shared, peer)).toEqual([expect.objectContaining({ code: 'TIMEOUT' })]);
  });

  test('S9 1000 half-open handshakes are gone after 5 s, and nobody waits for them', async () => {
    const c1 = new ClientHandshake('complex').start();
    const opened = performance.now();
    let gone = 0;
    let last = 0;
    const sockets = await Promise.all(
      Array.from(
        { length: 1000 },
        (_, i) =>
          new Promise<Socket>((resolve, reject) => {
            const socket = connect(shared.port, '127.0.0.1');
            socket.once('error', reject);
            socket.once('connect', () => {
              socket.off('error', reject).on('error', () => undefined);
              socket.write(c1.subarray(0, i));
              resolve(socket);
            });
            socket.on('close', () => {
              gone++;
              last = performance.now();
            });
            socket.resume();
          }),
      ),
    );
    const connecting = performance.now();
    const url = shared.url('live', fresh());
    const publisher = await publish(url);
    const player = await record(url);
    await feed(publisher, { frames: 5 });
    await player.until('frames', () => times(player.media(), 'video').length === 5);
    expect(performance.now() - connecting).toBeLessThan(4000);
    expect(gone).toBe(0);
    await until('all of them are gone', () => gone === sockets.length, 12_000);
    expect(last - opened).toBeGreaterThan(4900);
    publisher.close();
    player.client.close();
  });
});

describe.concurrent('half-open peers (R3)', () => {
  test('50 publishers and 50 players frozen by SIGSTOP are gone after their timeouts', {
    timeout: 90_000,
  }, async () => {
    const frozen = frozenPeers;
    await until('all 100 are there', () => frozen.log().includes('ready'), 20_000);
    frozen.signal('SIGSTOP');
    const start = performance.now();
    const ends = (words: string): number => lines(shared).filter(({ why }) => why?.includes(words)).length;
    await until('the publishers are gone', () => ends('a message within 5000 ms') >= 50, 15_000);
    // The key is free long before the players are found out.
    const again = await publish(shared.url('live', 'frozen7'));
    await until('the players are gone', () => ends('took no data for 30 s') >= 50, 60_000);
    expect(performance.now() - start).toBeGreaterThan(29_000);
    expect(ends('took no data for 30 s')).toBe(50);
    expect(again.writable).toBe(false); // and so did this one, which says nothing
  });
});

// ---- size

describe.concurrent('malformed input closes that connection, with one line in the log', () => {
  const nested = (depth: number): AmfValue => {
    let value: AmfValue = 1;
    for (let i = 0; i < depth; i++) value = [value];
    return value;
  };
  /** Values that our own encoder refuses to write. */
  const nestedBytes = (depth: number): Buffer =>
    Buffer.concat([...Array.from({ length: depth }, () => Buffer.from('0a00000001', 'hex')), encodeAmf0(1)]);
  const wideBytes = (count: number): Buffer => {
    const head = Buffer.from('0a00000000', 'hex');
    head.writeUInt32BE(count, 1);
    return Buffer.concat([head, Buffer.alloc(count, 0x05)]);
  };
  const say = (name: string, ...more: Buffer[]): Buffer => Buffer.concat([encodeAmf0(name, 9, null), ...more]);

  const beforeHandshake: [string, string, string | Buffer][] = [
    ['an HTTP request', 'RTMP_HANDSHAKE', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a TLS hello', 'RTMP_HANDSHAKE', Buffer.from('16030100c8010000c40303', 'hex')],
    ['RTMPE', 'RTMP_HANDSHAKE', Buffer.alloc(1537, 6)],
    ['zeros', 'RTMP_HANDSHAKE', Buffer.alloc(4000)],
  ];
  test.each(beforeHandshake)('%s: %s', async (_, code, bytes) => {
    const peer = await RawPeer.open(shared.port);
    peer.write(Buffer.from(bytes as string));
    await peer.gone();
    expect(await complaints(shared, peer)).toEqual([expect.objectContaining({ code })]);
    expect(peer.messages).toEqual([]);
  });

  const afterHandshake: [string, string, Buffer[]][] = [
    ['fmt 3 on a fresh chunk stream', 'RTMP_CHUNK', [Buffer.of(0xc3)]],
    ['fmt 2 on a fresh chunk stream', 'RTMP_CHUNK', [Buffer.of(0x83, 0, 0, 0)]],
    ['a message inside another', 'RTMP_CHUNK', [header(5, 20, 300), Buffer.alloc(128), header(5, 20, 300)]],
    [
      'a length that changes in the middle',
      'RTMP_CHUNK',
      [header(5, 20, 300), Buffer.alloc(128), Buffer.of(0x45, 0, 0, 0, 0, 9, 9, 20)],
    ],
    ['Set Chunk Size of two bytes', 'RTMP_MESSAGE', [encodeChunks(raw(1, Buffer.alloc(2), 2), 128)]],
    ['Abort of two bytes', 'RTMP_MESSAGE', [encodeChunks(raw(2, Buffer.alloc(2), 2), 128)]],
    ['chunk size 0', 'RTMP_CHUNK_SIZE', [encodeChunks(control.setChunkSize(0), 128)]],
    ['chunk size with the sign bit', 'RTMP_CHUNK_SIZE', [encodeChunks(control.setChunkSize(0x8000_0080), 128)]],
    ['a command of 64 KiB + 1', 'RTMP_MESSAGE_TOO_LONG', [header(3, MessageType.commandAmf0, 65_537)]],
    ['an AMF3 command of 64 KiB + 1', 'RTMP_MESSAGE_TOO_LONG', [header(3, MessageType.commandAmf3, 65_537)]],
    ['a control message of 64 KiB + 1', 'RTMP_MESSAGE_TOO_LONG', [header(2, MessageType.userControl, 65_537)]],
    ['data of 16 MiB', 'RTMP_MESSAGE_TOO_LONG', [header(5, MessageType.dataAmf0, 0xffffff)]],
    [
      'the 65th chunk stream',
      'RTMP_CHUNK_STREAMS',
      Array.from({ length: 65 }, (_, i) =>
        encodeChunks({ ...raw(MessageType.userControl, Buffer.alloc(6), 2 + i) }, 128),
      ),
    ],
    [
      'unfinished messages of more than 32 MiB',
      'RTMP_PARTIAL_BYTES',
      [
        encodeChunks(control.setChunkSize(9 * 2 ** 20), 128),
        ...[4, 5, 6].flatMap((csid) => [header(csid, MessageType.video, 0xffffff), Buffer.alloc(9 * 2 ** 20)]),
      ],
    ],
  ];
  test.each(afterHandshake)('%s: %s', async (_, code, bytes) => {
    const peer = await RawPeer.shaken(shared.port);
    for (const part of bytes) peer.write(part);
    await peer.gone();
    expect(await complaints(shared, peer)).toEqual([expect.objectContaining({ code })]);
  });

  const messages: [string, string, OutMessage][] = [
    ['AMF garbage', 'AMF_SYNTAX', raw(20, Buffer.of(0xff, 0xff))],
    ['a string that is cut off', 'AMF_SYNTAX', raw(20, Buffer.from('02ffff6162', 'hex'))],
    ['a command whose name is a number', 'RTMP_MESSAGE', raw(20, encodeAmf0(5, 1, null))],
    [
      'an array that promises 4 billion elements',
      'AMF_SYNTAX',
      raw(20, Buffer.concat([encodeAmf0('call'), Buffer.from('0affffffff05', 'hex')])),
    ],
    ['AMF nested 17 deep', 'AMF_LIMIT', raw(20, say('call', nestedBytes(17)))],
    ['AMF nested 10 000 deep', 'AMF_LIMIT', raw(20, say('call', nestedBytes(10_000)))],
    ['10 001 AMF elements', 'AMF_LIMIT', raw(20, say('call', wideBytes(10_001)))],
    [
      'AMF3 nested 10 000 deep',
      'AMF_LIMIT',
      raw(
        17,
        Buffer.concat([
          Buffer.of(0),
          say('call', Buffer.of(0x11)),
          ...Array.from({ length: 10_000 }, () => Buffer.of(0x09, 0x03, 0x01)),
        ]),
      ),
    ],
    [
      'a reference to nothing',
      'AMF_SYNTAX',
      raw(20, Buffer.concat([encodeAmf0('call'), Buffer.from('070009', 'hex')])),
    ],
    ['user control of one byte', 'RTMP_MESSAGE', raw(4, Buffer.of(0), 2)],
  ];
  test.each(messages)('%s: %s', async (_, code, message) => {
    const peer = await RawPeer.connected(shared.port);
    peer.setChunkSize(65_536);
    peer.send(message);
    await peer.gone();
    expect(await complaints(shared, peer)).toEqual([expect.objectContaining({ code })]);
  });

  test.each<[string, string, OutMessage]>([
    ['an aggregate that is cut off', 'RTMP_MESSAGE', raw(22, Buffer.from('0900ffff00000000000000', 'hex'))],
    [
      'an aggregate of a million empty tags',
      'RTMP_MESSAGE',
      raw(22, Buffer.alloc(15 * 5000, Buffer.from('090000000000000000000000000000', 'hex'))),
    ],
  ])('while publishing, %s: %s, and the key is free', async (_, code, message) => {
    const stream = fresh();
    const peer = await publishing(stream);
    peer.setChunkSize(65_536);
    peer.send(video(tag.key(0).payload));
    peer.send(message);
    await peer.gone();
    expect(await complaints(shared, peer)).toEqual([expect.objectContaining({ code, msg: 'publish ended' })]);
    (await publishing(stream)).close();
  });

  test.each<[string, Buffer]>([
    ['cut off', Buffer.concat([encodeAmf0('@setDataFrame', 'onMetaData'), Buffer.of(3, 0, 9)])],
    ['nested 100 deep', Buffer.concat([encodeAmf0('onMetaData'), nestedBytes(100)])],
    ['of 10 801 elements, the index of a long file', Buffer.concat([encodeAmf0('onMetaData'), wideBytes(10_801)])],
  ])('metadata that is %s is left out, with one line in the log, and the publish goes on', async (_, body) => {
    const stream = fresh();
    const player = await record(shared.url('live', stream));
    const peer = await publishing(stream);
    peer.setChunkSize(65_536);
    const told = () =>
      lines(shared).filter(
        ({ peer: name, time, msg }) =>
          name === peer.name &&
          Date.parse(time) >= peer.bornAt &&
          msg.includes('metadata that cannot be read is left out'),
      ).length;
    for (let i = 0; i < 3; i++) peer.send(raw(18, body));
    peer.send(video(tag.key(0).payload));
    await player.until('the picture', () => times(player.media(), 'video').length === 1);
    expect(player.messages.filter(({ payload }) => Buffer.from(payload).includes('onMetaData'))).toEqual([]);
    await until('the log says so', () => told() > 0);
    expect(told()).toBe(1);
    peer.close();
    player.client.close();
  });

  test('an end marker of no object behind commands and metadata, as some encoders send it, does no harm', async () => {
    const stream = fresh();
    const end = Buffer.of(0, 0, 9);
    const player = await record(shared.url('live', stream));
    const peer = await RawPeer.connected(shared.port);
    peer.send(raw(20, Buffer.concat([encodeAmf0('createStream', 2, null), end])));
    peer.send(raw(20, Buffer.concat([encodeAmf0('publish', 3, null, stream, 'live'), end])));
    await peer.said('onStatus NetStream.Publish.Start');
    peer.send(raw(18, Buffer.concat([encodeAmf0('onMetaData', AmfObject.ecmaOf({ width: 2 })), end])));
    await player.until('metadata', (messages) => messages.some(({ kind }) => kind === 'data'));
    peer.close();
    player.client.close();
  });

  test('random bytes after the handshake and in the middle of a publish: closed, whatever they are', async () => {
    let seed = 1;
    const noise = (length: number): Buffer => {
      const out = Buffer.alloc(length);
      for (let i = 0; i < length; i++) {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
        out[i] = seed >>> 16;
      }
      return out;
    };
    const peers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 ? RawPeer.shaken(shared.port) : publishing(fresh()))),
    );
    for (const peer of peers) peer.write(noise(200_000));
    await Promise.all(peers.map((peer) => peer.gone(15_000)));
    for (const peer of peers) expect((await complaints(shared, peer)).length).toBeLessThanOrEqual(1);
  });

  test('what is just within the limits is fine', async () => {
    const peer = await RawPeer.shaken(shared.port);
    peer.setChunkSize(16 * 2 ** 20);
    peer.connect({ tcUrl: 'rtmp://h/live', deep: nested(14), wide: Array.from({ length: 9000 }, () => null) });
    await peer.said('onBWDone');
    const filler = 65_536 - encodeAmf0('call', 2, null, 'x'.repeat(60_000)).length + 60_000;
    peer.send(command('call', 2, [null, 'x'.repeat(filler)]));
    await peer.said('_result');
    // All 64 chunk streams: 2, 3 and 62 more, one of them with a three-byte basic header.
    for (let i = 0; i < 62; i++) peer.send(video(Buffer.alloc(20), i === 61 ? 65_599 : 4 + i));
    peer.send(video(Buffer.alloc(0xffffff), 4));
    peer.send(control.pingRequest(7));
    await peer.said('pingResponse 7');
    peer.close();
  });
});

describe.concurrent('names (S1)', () => {
  const bad: [string, string][] = [
    ['..', '..'],
    ['.', '.'],
    ['a way up', '../etc/passwd'],
    ['a way up in the middle', 'a/../b'],
    ['a hidden file', '.hidden'],
    ['a backslash', 'a\\b'],
    ['a Windows way up', '..\\..\\x'],
    ['a drive letter', 'C:x'],
    ['NUL', 'a\0b'],
    ['a control character', 'a\x01b'],
    ['DEL', 'a\x7fb'],
    ['a C1 control', 'a\u0085b'],
    ['a line separator', 'a\u2028b'],
    ['256 bytes', 'x'.repeat(256)],
    ['128 letters of two bytes', 'ü'.repeat(128)],
    ['a long name', 'x'.repeat(60_000)],
  ];
  const badStreams: [string, string][] = [
    ...bad,
    ['nothing', ''],
    ['nothing but a query', '?key=1'],
    ['nothing but slashes', '//'],
    ['an empty part', 'a//b'],
    ['a vhost that climbs', 's?vhost=../x'],
    ['a vhost with a backslash', 's?vhost=a\\b'],
  ];

  test.each(badStreams)('publish of %s: Denied, then the end', async (_, name) => {
    const peer = await RawPeer.connected(shared.port);
    peer.call('createStream');
    peer.setChunkSize(60_000);
    peer.say('publish', name, 'live');
    await peer.said('onStatus NetStream.Publish.Denied');
    expect(peer.info('onStatus NetStream.Publish.Denied').get('level')).toBe('error');
    expect(String(peer.info('onStatus NetStream.Publish.Denied').get('description')).length).toBeLessThan(200);
    await peer.gone();
    expect((await complaints(shared, peer)).map((line) => line.code)).toEqual([
      expect.stringMatching(/^(NAME_INVALID|RTMP_URL)$/),
    ]);
  });

  test.each(badStreams)('play of %s: StreamNotFound, then the end', async (_, name) => {
    const peer = await RawPeer.connected(shared.port);
    peer.call('createStream');
    peer.setChunkSize(60_000);
    peer.play(name);
    await peer.said('onStatus NetStream.Play.StreamNotFound');
    await peer.gone();
    expect(await complaints(shared, peer)).toHaveLength(1);
  });

  test.each([...bad, ['nothing', ''], ['an empty part', 'a//b'], ['an app with a hidden part', 'live/.git']])(
    'connect to the app %s: Rejected, then the end',
    async (_, app) => {
      const peer = await RawPeer.shaken(shared.port);
      peer.setChunkSize(60_000);
      peer.connect({ tcUrl: `rtmp://h/${app}` });
      await peer.said('_error NetConnection.Connect.Rejected');
      await peer.gone();
      expect(await complaints(shared, peer)).toHaveLength(1);
    },
  );

  test.each([
    ['percent-encoded, which stays as it is', '%2e%2e%2fx'],
    ['doubly encoded', '%252e%252e%255c'],
    ['dots inside', 'a..b.c'],
    ['letters of another script', 'прямой-эфир'],
    ['255 bytes', 'y'.repeat(255)],
  ])('%s is a name like any other', async (_, name) => {
    const peer = await RawPeer.connected(shared.port);
    peer.call('createStream');
    peer.setChunkSize(60_000);
    peer.say('publish', name, 'live');
    await peer.said('onStatus NetStream.Publish.Start');
    await until('its name is in the log as it was', () =>
      shared.log().includes(`"stream":"__defaultVhost__/live/${name}"`),
    );
    peer.close();
  });
});

// ---- numbers, memory and CPU

describe.concurrent('max_connections', () => {
  test('one more is closed at accept, before the handshake; the others go on', async () => {
    const url = small.url('live', 'one');
    const publisher = await publish(url);
    const player = await record(url);
    await feed(publisher, { frames: 5 });
    const idle = await Promise.all([0, 1, 2].map(() => RawPeer.playing(small.port, 'nobody')));
    for (let i = 0; i < 5; i++) {
      const sixth = await RawPeer.open(small.port);
      sixth.write(new ClientHandshake('simple').start());
      expect(await sixth.gone()).toBeLessThan(4000);
      expect(sixth.socket.bytesRead).toBe(0);
    }
    await feed(publisher, { start: 200, frames: 5 });
    await player.until('frames', () => times(player.media(), 'video').length === 10);
    const told = () => lines(small).filter(({ why }) => why?.includes('max_connections')).length;
    await until('the first is told', () => told() === 1);
    const refused = (count: number) =>
      Promise.all(Array.from({ length: count }, async () => (await RawPeer.open(small.port)).gone()));
    await refused(995);
    expect(told()).toBe(1);
    await refused(1);
    await until('each 1000th is told', () => told() === 2);
    idle[0]?.close();
    const next = await until('a place is free', () => RawPeer.connected(small.port).catch(() => undefined));
    next.close();
    publisher.close();
    player.client.close();
  });
});

describe('max_connections_per_address', () => {
  test('one more of that address is closed at accept; another address is served', async () => {
    const srs = await startSrs({ config: configOf('max_connections_per_address 2;', '') });
    const kept = [await RawPeer.shaken(srs.port), await RawPeer.shaken(srs.port)];
    const third = await RawPeer.open(srs.port);
    third.write(new ClientHandshake('simple').start());
    expect(await third.gone()).toBeLessThan(4000);
    expect(third.socket.bytesRead).toBe(0);
    const other = connect({ port: srs.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
    other.write(new ClientHandshake('simple').start());
    await new Promise((served) => other.once('data', served));
    other.destroy();
    await until('the log says why', () => lines(srs).some(({ why }) => why?.includes('max_connections_per_address')));
    kept[0]?.close();
    // Not a raw peer: that waits long for the answer of a connection that was closed.
    const next = await until('a place is free', () => publish(srs.url('live', 'next')).catch(() => undefined));
    next.close();
  });
});

describe.concurrent('memory', () => {
  test('S2 500 connections that declare 16 MiB on 60 chunk streams each: RSS grows by less than 100 MB', async () => {
    const warm = await Promise.all(Array.from({ length: 20 }, () => RawPeer.shaken(memory.port)));
    for (const peer of warm) peer.close();
    await pause(300);
    const before = rss(memory.pid);
    const peers = await Promise.all(Array.from({ length: 500 }, () => RawPeer.shaken(memory.port)));
    const declared = Buffer.concat(
      Array.from({ length: 60 }, (_, i) =>
        Buffer.concat([header(4 + i, MessageType.video, 0xffffff), Buffer.alloc(128, i)]),
      ),
    );
    for (const peer of peers) peer.write(declared);
    await until('all of it is sent', () => peers.every((peer) => peer.socket.writableLength === 0));
    await pause(1000);
    expect(peers.filter((peer) => peer.closed)).toEqual([]);
    expect(rss(memory.pid) - before).toBeLessThan(100);
    const publisher = await publish(memory.url('live', 'through'));
    publisher.close();
    for (const peer of peers) peer.close();
  });
});

describe.concurrent('nothing is left behind (R7)', () => {
  async function report(): Promise<Report> {
    const before = churn.log().split('REPORT ').length;
    churn.signal('SIGUSR2');
    const text = await until('a report', () => /^\{.*\}$/m.exec(churn.log().split('REPORT ')[before] ?? '')?.[0]);
    return JSON.parse(text) as Report;
  }

  /** Plays and leaves `count` streams that nobody publishes, over and over on the same connections and on new ones. */
  async function playAndLeave(prefix: string, count: number): Promise<void> {
    const each = count / 20;
    await Promise.all(
      Array.from({ length: 20 }, async (_, k) => {
        let peer = await RawPeer.connected(churn.port);
        for (let i = 0; i < each; i++) {
          const at = peer.messages.length;
          peer.call('createStream');
          peer.play(`${prefix}-${k}-${i}`);
          await peer.heard(at, 'onStatus NetStream.Data.Start');
          if (i % 10 < 9) peer.say('closeStream');
          else {
            peer.close();
            peer = await RawPeer.connected(churn.port);
          }
        }
        peer.close();
      }),
    );
  }

  test('2000 stream names played and left, 500 publishes and unpublishes: heap, listeners and timers plateau', {
    timeout: 90_000,
  }, async () => {
    const steady = await publish(churn.url('live', 'steady'));
    /** @returns the listeners of the socket that has most, before its connection closes. */
    const cycle = async (rounds: number): Promise<number> => {
      const again = await publish(churn.url('live', 'again'));
      for (let i = 0; i < rounds; i++) {
        again.send(tag.key(i * 40));
        await again.unpublish();
        await again.publish();
        const other = await publish(churn.url('live', `once${i}`));
        other.send(tag.key(0));
        other.close();
      }
      const { listeners } = await report();
      again.close();
      return listeners;
    };
    const settled = async (): Promise<Report> => {
      await pause(600); // the grace of what was published
      await until('all but one have left', async () => (await report()).sockets === 1);
      return report();
    };
    await playAndLeave('warm', 400);
    const listeners = await cycle(50);
    const before = await settled();
    await playAndLeave('name', 2000);
    const played = await settled();
    expect(await cycle(250)).toBe(listeners);
    const after = await settled();
    expect(played.heap - before.heap).toBeLessThan(3);
    expect(after.heap - before.heap).toBeLessThan(3);
    for (const now of [played, after]) {
      expect(now.listeners).toBe(before.listeners);
      expect(now.process).toBe(before.process);
      expect(now.timers).toBeLessThanOrEqual(before.timers + 1);
    }
    expect(churn.log()).not.toContain('MaxListenersExceededWarning');
    steady.close();
  });
});

describe.concurrent('chunks of one byte (S3)', () => {
  /** Seconds of CPU that a process has used. */
  const cpu = (pid: number): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  };

  test('they carry a stream whole; a flood of them costs a bounded share of CPU and delays nobody', async () => {
    const url = chunks.url('live', 'tiny');
    const player = await record(url);
    const tiny = await publish(url, { chunkSize: 1 });
    await feed(tiny, { frames: 20, bytes: 2000 });
    await player.until('frames', () => times(player.media(), 'video').length === 20);
    const sent = Buffer.from(tag.inter(0, 2000).payload);
    expect(player.media().filter((m) => m.kind === 'video' && sent.equals(m.payload))).toHaveLength(19);

    const attacker = await RawPeer.shaken(chunks.port);
    attacker.setChunkSize(1);
    const flood = Buffer.alloc(2 ** 20, Buffer.of(0, 0xc6));
    attacker.write(header(6, MessageType.video, 0xffffff));
    const pour = (): void => {
      while (!attacker.closed && attacker.socket.write(flood));
    };
    attacker.socket.on('drain', pour);
    pour();
    const bystanders: Recording = await record(chunks.url('live', 'beside'));
    const beside = await publish(chunks.url('live', 'beside'));
    const start = performance.now();
    const used = cpu(chunks.pid);
    await feed(beside, { frames: 75, pace: 40 });
    const share = (cpu(chunks.pid) - used) / ((performance.now() - start) / 1000);
    expect(attacker.closed).toBe(false);
    expect(share).toBeLessThan(0.35); // a few percent of it is the flood
    await bystanders.until('every frame', () => times(bystanders.media(), 'video').length === 75, 3000);
    attacker.close();
    for (const client of [tiny, beside, player.client, bystanders.client]) client.close();
  });
});

/** Publishers and players of a process of their own, to be stopped all at once. */
const frozenScript = (client: string, url: string) => `
import { RtmpClient } from ${JSON.stringify(client)};
const key = Buffer.from('17010000005a5a5a5a5a', 'hex');
for (let i = 0; i < 50; i++) {
  const publisher = await RtmpClient.connect(${JSON.stringify(url)} + 'frozen' + i);
  await publisher.publish();
  let t = 0;
  setInterval(() => publisher.send({ kind: 'video', timestamp: (t += 40), payload: key }), 1000);
  const player = await RtmpClient.connect(${JSON.stringify(url)} + 'steady');
  await player.play();
}
console.log('ready');
`;

let frozenPeers: ReturnType<typeof background>;
beforeAll(() => {
  const client = pathToFileURL(join(import.meta.dirname, '../../dist/client.mjs')).href;
  const script = frozenScript(client, shared.url('live', ''));
  frozenPeers = background(process.execPath, ['--input-type=module', '-e', script]);
});

describe('after all of that', () => {
  test('the publisher and player beside it lost no frame, and the server stops as ever', async () => {
    await pair.stop();
    expect(pair.frames).toBeGreaterThan(25);
    for (const srs of [shared, memory, churn, small, chunks]) {
      expect(srs.log()).not.toMatch(/internal error|Warning/);
      expect((await srs.stop()).code).toBe(0);
    }
  });
});
