import { createHmac } from 'node:crypto';
import { assert, describe, test } from 'vitest';
import { allHooks, confOf, say, startHooks } from '../support/hook-server.js';
import { RawPeer } from '../support/raw-peer.js';
import { until } from '../support/run.js';
import { startSrs } from '../support/srs.js';

const asPublisher = async (port: number, stream: string, app = 'live'): Promise<RawPeer> => {
  const peer = await RawPeer.connected(port, app);
  peer.call('releaseStream', stream);
  peer.call('FCPublish', stream);
  peer.call('createStream');
  peer.say('publish', stream, 'live');
  return peer;
};

describe('hooks (http.md §1)', () => {
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
    assert.match(srs.log(), /"stream":"__defaultVhost__\/live\/public"/);
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
