import { expect, test } from 'vitest';
import { AmfObject } from '../../src/protocol/amf/index.js';
import { parseMessage } from '../../src/protocol/rtmp/index.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { publish, record } from '../support/streams.js';

const LIMIT = 4000;
const config = `listen PORT; pid DIR/srs.pid; srs_log_tank console; http_server { enabled on; listen HTTP_PORT; }
vhost __defaultVhost__ { }
vhost often { http_remux { enabled on; } bandcheck { enabled on; key abc; interval 0; limit_kbps ${LIMIT}; } }
vhost seldom { bandcheck { enabled on; key abc; interval 30; } }`;

/** The object of the last call of this name. */
function numbers(peer: RawPeer, name: string): Record<string, number> {
  for (const message of peer.messages.toReversed()) {
    const parsed = parseMessage(message);
    if (parsed.kind !== 'command' || parsed.name !== name) continue;
    const object = parsed.args.find((arg): arg is AmfObject => arg instanceof AmfObject);
    return Object.fromEntries(object ?? []) as Record<string, number>;
  }
  throw new Error(`no ${name} came: ${peer.story.join(', ')}`);
}

async function connect(port: number, query: string, more: Record<string, string> = {}): Promise<RawPeer> {
  const peer = await RawPeer.shaken(port);
  peer.connect({ tcUrl: `rtmp://127.0.0.1:${port}/app?${query}`, app: `app?${query}`, ...more });
  return peer;
}

/** What the client of SRS does; as a Flash player it leaves out what that leaves out. */
async function measure(peer: RawPeer, isFlash: boolean): Promise<Record<string, number>> {
  let at = await peer.heard(0, '_result NetConnection.Connect.Success', 'onSrsBandCheckStartPlayBytes');
  const call = (name: string) => peer.call(name, AmfObject.of({}));
  call('onSrsBandCheckStartingPlayBytes');
  at = await peer.heard(at, 'onSrsBandCheckPlaying', 'onSrsBandCheckStopPlayBytes');
  call('onSrsBandCheckStoppedPlayBytes');
  at = await peer.heard(at, 'onSrsBandCheckStartPublishBytes');
  peer.setChunkSize(60_000);
  call('onSrsBandCheckStartingPublishBytes');
  const filling = AmfObject.of({ 0: 'x'.repeat(20_000) });
  const before = peer.messages.length;
  // The next message of the server ends it.
  const sending = setInterval(() => {
    // As fast as the server reads: what is under way is not more than this.
    for (let n = 0; n < 5 && peer.messages.length === before && peer.socket.writableLength < 100_000; n++)
      peer.call('onSrsBandCheckPublishing', filling);
  }, 5);
  try {
    at = await peer.heard(at, 'onSrsBandCheckStopPublishBytes');
  } finally {
    clearInterval(sending);
  }
  if (!isFlash) call('onSrsBandCheckStoppedPublishBytes');
  await peer.heard(at, 'onSrsBandCheckFinished');
  if (!isFlash) call('finalClientPacket');
  await peer.gone();
  return numbers(peer, 'onSrsBandCheckFinished');
}

test('spec/rtmp.md §12: a client is measured in both directions, and takes no more than the limit', {
  timeout: 40_000,
}, async () => {
  const srs = await startSrs({ config });
  const peers = [
    await connect(srs.port, 'key=abc&vhost=often'),
    await connect(srs.port, 'key=abc&vhost=often', { swfUrl: 'http://h/x.swf' }),
  ] as const;
  const results = await Promise.all([measure(peers[0], false), measure(peers[1], true)]);
  for (const [i, found] of results.entries()) {
    expect(found.play_kbps).toBeGreaterThan(LIMIT * 0.8);
    expect(found.play_kbps).toBeLessThan(LIMIT * 1.25);
    expect(found.play_time).toBeGreaterThanOrEqual(3000);
    // Reads come in pieces of 64 KiB, which is 4 % of 3 s.
    expect(found.publish_kbps).toBeGreaterThan(LIMIT * 0.5);
    expect(found.publish_kbps).toBeLessThan(LIMIT * 1.5);
    expect(numbers(peers[i] as RawPeer, 'onSrsBandCheckStartPlayBytes').limit_kbps).toBe(LIMIT);
    expect(peers[i]?.story.slice(0, 2)).toEqual(['windowAckSize 2500000', 'setPeerBandwidth 2500000']);
  }
  expect(srs.log().split('"bandwidth test ended"')).toHaveLength(3);

  // The last one of any vhost counts.
  const soon = await connect(srs.port, 'key=abc&vhost=seldom');
  await soon.said('_error NetConnection.Connect.Rejected');
  await soon.gone();
  const wrong = await connect(srs.port, 'key=abcd&vhost=often');
  await wrong.said('_error NetConnection.Connect.Rejected');
  await wrong.gone();
  expect(srs.log().split('"code":"BANDCHECK"')).toHaveLength(3);

  // Whoever connects is tested and never served, also who comes by another vhost.
  await expect(publish(`rtmp://127.0.0.1:${srs.port}/live/s?vhost=often`)).rejects.toThrow();
  await expect(record(`rtmp://127.0.0.1:${srs.port}/live/s?vhost=often`)).rejects.toThrow();
  const pushed = await fetch(`http://127.0.0.1:${srs.ports.HTTP_PORT}/live/s.flv?vhost=often`, {
    method: 'POST',
    body: Buffer.from('464c5601050000000900000000', 'hex'),
  });
  expect([pushed.status, await pushed.text()]).toEqual([403, expect.stringContaining('for bandwidth tests only')]);
  await publish(srs.url('live', 's'));

  // One that says nothing is closed, and one that leaves is no harm.
  const left = await connect(srs.port, 'key=abc&vhost=often');
  await left.said('onSrsBandCheckStartPlayBytes');
  left.call('onSrsBandCheckStartingPlayBytes');
  await left.said('onSrsBandCheckPlaying');
  const silent = await connect(srs.port, 'key=abc&vhost=often');
  left.close();
  await until('the silent one is closed', () => silent.closed, 20_000);
  expect(srs.log()).toContain('peer did not send onSrsBandCheckStartingPlayBytes');
  expect(srs.log()).not.toContain('internal error');
  expect((await srs.stop()).code).toBe(0);
});
