import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, assert, describe, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { flvHeader, TagType, tagLength, writeTag } from '../../src/protocol/flv/index.js';
import { MessageType } from '../../src/protocol/rtmp/index.js';
import { makeCertificate } from '../support/certificate.js';
import { allHooks, confOf, say, startHooks } from '../support/hook-server.js';
import { withPeers } from '../support/peers.js';
import { RawPeer } from '../support/raw-peer.js';
import { rss } from '../support/rss.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { pause, publish, record, times } from '../support/streams.js';
import { feed, tag } from '../support/synthetic.js';

const dir = mkdtempSync(join(tmpdir(), 'srs-hooks-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const asPublisher = async (port: number, stream: string, app = 'live'): Promise<RawPeer> => {
  const peer = await RawPeer.connected(port, app);
  peer.call('releaseStream', stream);
  peer.call('FCPublish', stream);
  peer.call('createStream');
  peer.say('publish', stream, 'live');
  return peer;
};

describe('hooks (spec/http.md §1)', () => {
  test('a publisher and a player: every event once, in order, with the fields of version 2', async () => {
    const hooks = await startHooks();
    const srs = await startSrs({ config: confOf(allHooks(`${hooks.url}/h?k=v`)) });
    const publisher = await asPublisher(srs.port, 's?token=t');
    await publisher.said('onStatus NetStream.Publish.Start');
    const player = await RawPeer.playing(srs.port, 's?a="b"');
    player.close();
    await until('the player is reported gone', () => hooks.of('on_close').length === 1);
    publisher.close();
    await until('the publisher is reported gone', () => hooks.of('on_close').length === 2);

    const by = (id: unknown) => hooks.calls.filter(({ body }) => body.client_id === id).map(({ body }) => body.action);
    const [published] = hooks.of('on_publish');
    const [played] = hooks.of('on_play');
    assert.deepEqual(by(published?.body.client_id), ['on_connect', 'on_publish', 'on_unpublish', 'on_close']);
    assert.deepEqual(by(played?.body.client_id), ['on_connect', 'on_play', 'on_stop', 'on_close']);
    const { client_id, server_id, service_id, event_id, stream_id, ...rest } = (published?.body ?? {}) as Record<
      string,
      unknown
    >;
    for (const id of [client_id, server_id, service_id, event_id, stream_id]) assert.match(String(id), /^[\w-]{7,}$/);
    assert.deepEqual(rest, {
      action: 'on_publish',
      ip: '127.0.0.1',
      vhost: '__defaultVhost__',
      app: 'live',
      stream: 's',
      tcUrl: `rtmp://127.0.0.1:${srs.port}/live`,
      param: '?token=t',
      stream_url: '__defaultVhost__/live/s',
    });
    assert.equal(played?.body.param, '?a="b"');
    assert.equal(played?.body.stream_id, stream_id);
    assert.isTrue(
      hooks.calls.every(({ url, headers }) => url === '/h?k=v' && headers['content-type'] === 'application/json'),
    );
    const [closed] = hooks.of('on_close');
    assert.isAbove(Number(closed?.body.send_bytes), 3000);
    assert.isAbove(Number(closed?.body.recv_bytes), 3000);
    assert.equal(new Set(hooks.calls.map(({ body }) => body.event_id)).size, 8);
    assert.notInclude(srs.log(), 'token=t');
    assert.notInclude(srs.log(), 'k=v');
    assert.match(srs.log(), new RegExp(`"conn":"${client_id}","hook":"on_publish"[^\\n]*"ms":\\d+,"answer":"yes"`));
  });

  test('a decision comes before the client hears success, and what it sent meanwhile is handled in order', async () => {
    let release = () => {};
    const hooks = await startHooks({
      on_publish: (_call, response) => {
        release = () => response.end('0');
      },
    });
    const srs = await startSrs({ config: confOf(allHooks(hooks.url)) });
    const peer = await asPublisher(srs.port, 's');
    await until('the hook is asked', () => hooks.of('on_publish').length === 1);
    const before = peer.messages.length;
    peer.say('FCUnpublish', 's');
    peer.say('closeStream');
    assert.equal(peer.messages.length, before);
    release();
    await peer.heard(before, 'onStatus NetStream.Publish.Start', 'onStatus NetStream.Unpublish.Success');
    await until('the end is reported', () => hooks.of('on_unpublish').length === 1);
  });

  for (const [event, refusal] of [
    ['on_connect', '_error NetConnection.Connect.Rejected'],
    ['on_publish', 'onStatus NetStream.Publish.Denied'],
    ['on_play', 'onStatus NetStream.Play.StreamNotFound'],
  ] as const)
    test(`${event} says no: the client hears the reason and never a success`, async () => {
      const hooks = await startHooks({ [event]: say('{"code":7,"reason":"no money"}') });
      const srs = await startSrs({ config: confOf(allHooks(hooks.url)) });
      const peer = await RawPeer.shaken(srs.port);
      peer.connect({ tcUrl: `rtmp://127.0.0.1:${srs.port}/live`, app: 'live' });
      if (event !== 'on_connect') peer.say(event === 'on_play' ? 'play' : 'publish', 's');
      await peer.gone();
      assert.equal(peer.info(refusal).get('description'), 'no money');
      assert.notInclude(peer.story, 'onStatus NetStream.Publish.Start');
      assert.notInclude(peer.story, 'onStatus NetStream.Play.Start');
      if (event !== 'on_connect') await until('the end is reported', () => hooks.of('on_close').length === 1);
      const wanted = event === 'on_connect' ? ['on_connect'] : ['on_connect', event, 'on_close'];
      assert.deepEqual(hooks.actions(), wanted);
    });

  test('the answer may rename the stream: the key of the encoder is not the name of the players', async () => {
    const hooks = await startHooks({ on_publish: say('{"code":0,"stream":"public"}') });
    const srs = await startSrs({ config: confOf(allHooks(hooks.url)) });
    const peer = await asPublisher(srs.port, 'secret-key');
    await peer.said('onStatus NetStream.Publish.Start');
    await until('the log has the name', () => srs.log().includes('"stream":"__defaultVhost__/live/public"'));
    assert.notInclude(srs.log(), 'secret-key');
  });

  test('several URLs in order; the first no ends the questions', async () => {
    const hooks = await startHooks({
      on_publish: ({ url }, response) => void response.end(url === '/two' ? '1' : '0'),
    });
    const urls = ['/one', '/two', '/three'].map((path) => hooks.url + path).join(' ');
    const srs = await startSrs({ config: confOf(`http_hooks { enabled on; on_publish ${urls}; }`) });
    const peer = await asPublisher(srs.port, 's');
    await peer.gone();
    assert.deepEqual(
      hooks.calls.map(({ url }) => url),
      ['/one', '/two'],
    );
  });

  test('hook_secret signs time and body', async () => {
    const hooks = await startHooks();
    const srs = await startSrs({ config: confOf(allHooks(hooks.url, 'hook_secret s3cret;')) });
    await RawPeer.connected(srs.port);
    const [call] = hooks.calls;
    const time = call?.headers['x-srs-timestamp'];
    const mac = createHmac('sha256', 's3cret').update(`${time}.${call?.text}`).digest('hex');
    assert.equal(call?.headers['x-srs-signature'], mac);
    assert.closeTo(Number(time), Date.now() / 1000, 5);
  });

  test('another vhost in the stream name: its on_connect is asked too', async () => {
    const hooks = await startHooks({ on_connect: say('1') });
    const guarded = `vhost guarded { http_hooks { enabled on; on_connect ${hooks.url}; } }`;
    const srs = await startSrs({ config: confOf('', guarded) });
    const peer = await RawPeer.connected(srs.port);
    peer.say('play', 's?vhost=guarded');
    await peer.gone();
    assert.notInclude(peer.story, 'onStatus NetStream.Play.Start');
  });
});

test('takeover: the on_unpublish names who took the stream over, after that one’s on_publish; a plain end names nobody', async () => {
  const hooks = await startHooks();
  const srs = await startSrs({
    config: confOf(
      `http_remux { enabled on; } ${allHooks(hooks.url)}`,
      'http_server { enabled on; listen HTTP_PORT; }',
    ),
  });
  const first = await asPublisher(srs.port, 's');
  await first.said('onStatus NetStream.Publish.Start');
  // Over HTTP the stream changes hands with the first tag.
  const push = request({ host: '127.0.0.1', port: srs.ports.HTTP_PORT, path: '/live/s.flv', method: 'POST' });
  push.on('error', () => undefined);
  onTestFinished(() => void push.destroy());
  const { payload } = tag.key(0);
  const flv = Buffer.alloc(tagLength(payload.length));
  writeTag(flv, 0, TagType.video, 0, payload);
  push.write(Buffer.concat([flvHeader({ audio: false, video: true }), flv]));
  await first.gone();
  await until('the first end is told', () => hooks.of('on_unpublish').length === 1);
  const last = await asPublisher(srs.port, 's');
  await until('both ends are told', () => hooks.of('on_unpublish').length === 2);
  last.close();
  await until('the last end is told', () => hooks.of('on_unpublish').length === 3);

  const told = hooks.calls.filter(({ body }) => /on_(un)?publish/.test(body.action)).map(({ body }) => body);
  const [a, b, c] = hooks.of('on_publish').map(({ body }) => body.client_id);
  assert.deepEqual(
    told.map(({ action, client_id, replaced_by }) => [action, client_id, replaced_by]),
    [
      ['on_publish', a, undefined],
      ['on_publish', b, undefined],
      ['on_unpublish', a, b],
      ['on_publish', c, undefined],
      ['on_unpublish', b, c],
      ['on_unpublish', c, undefined],
    ],
  );
  assert.equal(new Set([a, b, c]).size, 3);
});

describe('media that is sent unasked while the hook is asked', () => {
  const FRAMES = 2048;
  const SIZE = 16 * 1024;

  /** One that asks to publish and does not wait for the answer; `answer` gives it. */
  async function impatient() {
    let answer = (_text: string): void => undefined;
    const hooks = await startHooks({
      on_publish: (_call, response) => {
        answer = (text) => void response.end(text);
      },
    });
    const srs = await startSrs({ config: confOf(`http_hooks { enabled on; on_publish ${hooks.url}; timeout 30; }`) });
    const player = await record(srs.url('live', 's'));
    const peer = await asPublisher(srs.port, 's');
    await until('the hook is asked', () => hooks.of('on_publish').length === 1);
    const before = rss(srs.pid);
    peer.setChunkSize(60_000);
    for (let i = 0; i < FRAMES; i++) {
      const { timestamp, payload } = (i === 0 ? tag.key : tag.inter)(i, SIZE);
      peer.send({ csid: 6, streamId: 1, type: MessageType.video, timestamp, payload });
    }
    // All that the server takes, and the network holds.
    let left = 0;
    await until('the server reads no more', async () => {
      const before = left;
      left = peer.socket.writableLength;
      await pause(300);
      return left === before;
    });
    return { srs, peer, player, left, grown: rss(srs.pid) - before, answer: (text: string) => answer(text) };
  }

  test('beyond 4 MiB it waits on the network, and then all of it is live', async () => {
    const { srs, peer, player, left, grown, answer } = await impatient();
    assert.isAbove(left, 8 * 2 ** 20);
    assert.isBelow(grown, 40);
    assert.isFalse(peer.closed);
    answer('0');
    await player.until('every frame', () => times(player.media(), 'video').length === FRAMES, 20_000);
    assert.deepEqual(
      times(player.media(), 'video'),
      Array.from({ length: FRAMES }, (_, i) => i),
    );
    assert.notInclude(srs.log(), 'RTMP_STATE');
    player.client.close();
  });

  test('who is refused then still hears why', async () => {
    const { peer, player, answer } = await impatient();
    answer('{"code":1,"reason":"no money"}');
    await peer.gone();
    assert.equal(peer.info('onStatus NetStream.Publish.Denied').get('description'), 'no money');
    player.client.close();
  });
});

withPeers('openssl')('hooks over HTTPS', () => {
  /** What a publisher hears when its hook has this certificate and the server trusts that authority. */
  async function outcome(
    name: string,
    san: string,
    trusts: boolean,
  ): Promise<{ heard: string; says(line: RegExp): Promise<unknown> }> {
    const pair = await makeCertificate(join(dir, name), name, 30, san);
    const hooks = await startHooks({}, pair);
    const srs = await startSrs({
      config: confOf(`http_hooks { enabled on; on_publish ${hooks.url}; }`),
      env: trusts ? { NODE_EXTRA_CA_CERTS: pair.cert } : {},
    });
    const peer = await asPublisher(srs.port, 's');
    const [ok, no] = ['onStatus NetStream.Publish.Start', 'onStatus NetStream.Publish.Denied'];
    const heard = await until('an answer', () => peer.story.find((word) => word === ok || word === no));
    assert.equal(hooks.calls.length, heard === ok ? 1 : 0);
    return { heard, says: (line) => until(`the log has ${line}`, () => line.test(srs.log())) };
  }

  test('a certificate of an own authority is trusted when NODE_EXTRA_CA_CERTS names it', async () => {
    const { heard } = await outcome('trusted', 'IP:127.0.0.1', true);
    assert.equal(heard, 'onStatus NetStream.Publish.Start');
  });

  test('a stranger’s certificate, or one of another name, is a failure and so a no', async () => {
    const stranger = await outcome('stranger', 'IP:127.0.0.1', false);
    assert.equal(stranger.heard, 'onStatus NetStream.Publish.Denied');
    await stranger.says(/hook on_publish failed/);
    const other = await outcome('other', 'DNS:other.example.com', true);
    assert.equal(other.heard, 'onStatus NetStream.Publish.Denied');
    await other.says(/"answer":"broken","why":"[^\n]*altnames[^\n]*"onError":"deny"/i);
  });
});

test('hooks name streams as the API does; a kick ends each kind of client, and its end is told once', async () => {
  const hooks = await startHooks();
  const srs = await startSrs({
    config: confOf(
      `http_remux { enabled on; } hls { enabled on; hls_fragment 0.25; } ${allHooks(hooks.url)}`,
      'http_server { enabled on; listen HTTP_PORT; } http_api { enabled on; listen 127.0.0.1:API_PORT; write_token w; }',
    ),
  });
  const api = `http://127.0.0.1:${srs.ports.API_PORT}/api/v1`;
  const web = `http://127.0.0.1:${srs.ports.HTTP_PORT}/live/s`;
  const authorization = 'Bearer w';
  const publisher = await publish(srs.url('live', 's'));
  await feed(publisher, { frames: 30, gop: 5 });
  const { streams } = (await (await fetch(`${api}/streams`, { headers: { authorization } })).json()) as {
    streams: { id: string }[];
  };
  assert.equal(hooks.of('on_publish')[0]?.body.stream_id, streams[0]?.id);
  const player = await RawPeer.playing(srs.port, 's');
  const flv = await fetch(`${web}.flv`);
  const ws = new WebSocket(`${web.replace('http', 'ws')}.flv`);
  const wsClosed = new Promise((resolve) => ws.once('close', resolve));
  const playlist = await until('a playlist', async () => {
    const reply = await fetch(`${web}.m3u8`);
    await reply.text();
    return reply.status === 200;
  });
  assert.isTrue(playlist);
  const list = async () => {
    const { clients } = (await (await fetch(`${api}/clients`, { headers: { authorization } })).json()) as {
      clients: { id: string; publish: boolean }[];
    };
    return clients;
  };
  await until('all five are there', async () => (await list()).length === 5);
  const players = (await list()).filter((client) => !client.publish);
  const [encoder] = (await list()).filter((client) => client.publish);
  for (const { id } of [...players, ...(encoder ? [encoder] : [])]) {
    const reply = await fetch(`${api}/clients/${id}`, { method: 'DELETE', headers: { authorization } });
    assert.equal(reply.status, 200);
  }
  await player.said('onStatus NetConnection.Connect.Closed');
  await flv.arrayBuffer();
  await wsClosed;
  const refused = await fetch(`${web}.m3u8`);
  assert.equal(refused.status, 403);
  await until('the encoder is gone', async () => (await list()).every((client) => !client.publish));
  assert.equal((await srs.stop()).code, 0);
  const stops = hooks.of('on_stop').map(({ body }) => body.client_id);
  assert.deepEqual([stops.length, new Set(stops).size, hooks.of('on_unpublish').length], [4, 4, 1]);
});
