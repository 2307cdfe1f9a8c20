import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AmfObject, encodeAmf0 } from '../../src/protocol/amf/index.js';
import { MessageType } from '../../src/protocol/rtmp/index.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { RawPeer } from '../support/raw-peer.js';
import { run, until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { pause, publish, pushFile, record, times } from '../support/streams.js';
import { feed, tag } from '../support/synthetic.js';

const config = (more: string): string => `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
vhost __defaultVhost__ { ${more} }
`;

test('in_ack_size: so many bytes are acknowledged, also to a peer that announced no window', async () => {
  const srs = await startSrs({ config: config('in_ack_size 1000;') });
  const peer = await RawPeer.connected(srs.port);
  for (let i = 0; i < 200; i++) peer.call('createStream');
  await until('an acknowledgement', () => peer.story.some((line) => line.startsWith('acknowledgement')));
});

test('an encoder that keeps to Set Peer Bandwidth and announces no window is never held up (RTMP 1.0 §5.4.5)', async () => {
  const srs = await startSrs();
  const peer = await RawPeer.connected(srs.port);
  peer.call('createStream');
  peer.say('publish', 's', 'live');
  await peer.said('setPeerBandwidth 2500000', 'onStatus NetStream.Publish.Start');
  peer.setChunkSize(60_000);
  const acknowledged = (): number =>
    Math.max(0, ...peer.story.map((line) => Number(/^acknowledgement (\d+)$/.exec(line)?.[1] ?? 0)));
  // As Wirecast does: no message that would make it more than 2 500 000 bytes on the way.
  for (let i = 0, sent = 0; i < 16; i++) {
    const frame = tag.key(i * 40, 400_000);
    sent += frame.payload.length + 100;
    await until(`place for frame ${i}`, () => sent - acknowledged() <= 2_500_000, 5000);
    peer.media(frame);
  }
});

test('firstpkt_timeout: an encoder that sends nothing after publish is closed after this time', async () => {
  const srs = await startSrs({ config: config('publish { firstpkt_timeout 1000; }') });
  const peer = await RawPeer.connected(srs.port);
  peer.call('createStream');
  const asked = performance.now();
  peer.say('publish', 's', 'live');
  await until('it is closed', () => peer.closed, 5000);
  expect(performance.now() - asked).toBeGreaterThan(900);
  await until('the log says why', () => srs.log().includes('did not send a message within 1000 ms'));
});

test('normal_timeout counts from the first sound or picture on: metadata and configurations are none', async () => {
  const srs = await startSrs({ config: config('publish { firstpkt_timeout 20000; normal_timeout 1000; }') });
  const peer = await RawPeer.connected(srs.port);
  peer.call('createStream');
  peer.say('publish', 's', 'live');
  await peer.said('onStatus NetStream.Publish.Start');
  const metadata = encodeAmf0('@setDataFrame', 'onMetaData', AmfObject.of({ width: 640 }));
  for (const message of [{ kind: 'data', timestamp: 0, payload: metadata } as const, tag.avcConfig(), tag.aacConfig()])
    peer.media(message);
  await pause(2500);
  expect(peer.closed).toBe(false);
  peer.media(tag.key(0));
  const since = performance.now();
  await until('it is closed', () => peer.closed, 5000);
  expect(performance.now() - since).toBeGreaterThan(900);
  await until('the log says why', () => srs.log().includes('did not send a message within 1000 ms'));
});

withPeers('ffmpeg')('ffmpeg -c copy', () => {
  test('of a file whose sound begins later holds its pictures back until then: the publish goes on', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'srs-late-sound-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const [file, late] = [await clip({ gop: 25, seconds: 8 }), join(dir, 'late.flv')];
    const inputs = ['-v', 'error', '-i', file, '-itsoffset', '3', '-i', file, '-map', '0:v', '-map', '1:a'];
    expect(await run('ffmpeg', [...inputs, '-c', 'copy', late])).toMatchObject({ code: 0, stderr: '' });
    const srs = await startSrs({ config: config('publish { normal_timeout 1000; }') });
    const player = await record(srs.url('live', 's'));
    pushFile(late, srs.url('live', 's'));
    await until('sound', () => times(player.media(), 'audio').length > 0, 10_000);
    expect(times(player.media(), 'video').length).toBeGreaterThan(50);
    expect(srs.log()).not.toContain('TIMEOUT');
  });
});

/** Tells of every connection whether its packets may be small. */
const watchNoDelay = `
const { Socket } = require('node:net');
const { setNoDelay } = Socket.prototype;
Socket.prototype.setNoDelay = function (isOn) {
  console.error('TCP_NODELAY ' + isOn);
  return setNoDelay.call(this, isOn);
};
`;

test.each([
  ['on', 'true'],
  ['off', 'false'],
])('tcp_nodelay %s: so the socket of a player is told', async (written, told) => {
  const dir = await mkdtemp(join(tmpdir(), 'srs-nodelay-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'watch.cjs'), watchNoDelay);
  const env = { NODE_OPTIONS: `--require ${join(dir, 'watch.cjs')}` };
  const srs = await startSrs({ config: config(`tcp_nodelay ${written};`), env });
  await RawPeer.playing(srs.port, 's');
  const last = () =>
    srs
      .log()
      .match(/TCP_NODELAY \w+/g)
      ?.at(-1);
  await expect.poll(last, { timeout: 10_000 }).toBe(`TCP_NODELAY ${told}`);
});

test.each([
  ['mr off', 'publish { mr off; }', 0],
  ['mr on', 'publish { mr on; mr_latency 300; }', 250],
  ['mr on, min_latency on', 'publish { mr on; mr_latency 300; } min_latency on;', 0],
])('%s: what an encoder sends in small pieces is read so often', async (_, directives, rest) => {
  const srs = await startSrs({ config: config(`${directives} mw_latency 0;`) });
  const publisher = await publish(srs.url('live', 's'));
  const player = await RawPeer.playing(srs.port, 's');
  await feed(publisher, { frames: 1, bytes: 200 });
  const video = (): number => player.messages.filter(({ type }) => type === MessageType.video).length;
  await until('it plays', () => video() > 1);
  const arrivals: number[] = [];
  player.socket.on('data', () => arrivals.push(performance.now()));
  await feed(publisher, { start: 40, frames: 60, bytes: 200, pace: 20 });
  await until('all frames', () => video() >= 61, 10_000);
  // 60 frames over 1.2 s come one by one, or in a few bunches. A busy machine may hold up some, too, but not most.
  const longest = Math.max(...arrivals.slice(1).map((at, i) => at - (arrivals[i] ?? at)));
  if (rest === 0) expect(arrivals.length).toBeGreaterThan(15);
  else expect(longest).toBeGreaterThan(rest);
});
