import { expect, test } from 'vitest';
import { MessageType } from '../../src/protocol/rtmp/index.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { publish } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

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

test('firstpkt_timeout: an encoder that sends nothing after publish is closed after this time', async () => {
  const srs = await startSrs({ config: config('publish { firstpkt_timeout 1000; }') });
  const peer = await RawPeer.connected(srs.port);
  peer.call('createStream');
  const asked = performance.now();
  peer.say('publish', 's', 'live');
  await until('it is closed', () => peer.closed, 5000);
  expect(performance.now() - asked).toBeGreaterThan(900);
  expect(srs.log()).toMatch(/did not send a message within 1000 ms/);
});

test.each([
  ['off', 'mr off;', 0],
  ['on', 'mr on; mr_latency 300;', 250],
])('mr %s: what an encoder sends in small pieces is read so often', async (_, publishing, rest) => {
  const srs = await startSrs({ config: config(`publish { ${publishing} } mw_latency 0;`) });
  const publisher = await publish(srs.url('live', 's'));
  const player = await RawPeer.playing(srs.port, 's');
  await feed(publisher, { frames: 1, bytes: 200 });
  const video = (): number => player.messages.filter(({ type }) => type === MessageType.video).length;
  await until('it plays', () => video() > 1);
  const arrivals: number[] = [];
  player.socket.on('data', () => arrivals.push(performance.now()));
  await feed(publisher, { start: 40, frames: 60, bytes: 200, pace: 20 });
  await until('all frames', () => video() >= 61, 10_000);
  // 60 frames over 1.2 s come one by one, or in a few bunches.
  const longest = Math.max(...arrivals.slice(1).map((at, i) => at - (arrivals[i] ?? at)));
  if (rest === 0) expect(longest).toBeLessThan(200);
  else expect(longest).toBeGreaterThan(rest);
});
