import { join } from 'node:path';
import { assert, describe, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { allHooks, type Behaviour, confOf, say, startHooks } from '../support/hook-server.js';
import { RawPeer } from '../support/raw-peer.js';
import { background, until } from '../support/run.js';
import { startSrs } from '../support/srs.js';

const STARTED = 'onStatus NetStream.Publish.Start';
const DENIED = 'onStatus NetStream.Publish.Denied';

async function publisher(port: number, stream: string): Promise<RawPeer> {
  const peer = await RawPeer.connected(port);
  peer.say('publish', stream, 'live');
  return peer;
}

const half: Behaviour = (_call, response, request) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"code":0');
  setTimeout(() => request.socket.destroy(), 50);
};

/** Each way in which a hook server can fail a question. */
const failures: Record<string, Behaviour> = {
  hangs: () => undefined,
  'answers too late': (_call, response) => void setTimeout(() => response.end('0'), 9000).unref(),
  'resets the connection': (_call, _response, request) => void request.socket.resetAndDestroy(),
  'says 500': say('0', 500),
  'says 404': say('0', 404),
  'answers garbage': say('<html>ok</html>'),
  'answers nothing': say(''),
  'answers JSON without a code': say('{"stream":"x"}'),
  'answers 1 MB': say(`{"code":0,"x":"${'x'.repeat(2 ** 20)}"}`),
  redirects: (_call, response) => void response.writeHead(302, { location: '/elsewhere' }).end('0'),
  'answers half': half,
  'drips an endless answer': (_call, response) => {
    const timer = setInterval(() => response.write(' '), 50);
    response.on('close', () => clearInterval(timer));
  },
};

describe('a hook server that fails a question', () => {
  for (const [onError, outcome] of [
    ['deny', DENIED],
    ['allow', STARTED],
  ] as const)
    test(`on_error ${onError}: within the deadline, and nobody else waits`, async () => {
      const hooks = await startHooks({
        on_publish: (call, response, request) =>
          (failures[String(call.body.stream).replaceAll('-', ' ')] as Behaviour)(call, response, request),
      });
      const srs = await startSrs({
        config: confOf(`http_hooks { enabled on; on_publish ${hooks.url}; timeout 1; on_error ${onError}; }`),
      });
      const asked = performance.now();
      const peers = Object.keys(failures).map(async (name) => {
        const peer = await publisher(srs.port, name.replaceAll(' ', '-'));
        await peer.said(outcome).catch((error: Error) => assert.fail(`${name}: ${error.message}`));
        assert.notInclude(peer.story, outcome === DENIED ? STARTED : DENIED, name);
        return peer;
      });
      const player = await RawPeer.playing(srs.port, 'other');
      assert.isFalse(player.closed);
      await Promise.all(peers);
      assert.isBelow(performance.now() - asked, 6000);
      assert.equal(hooks.of('on_publish').length, Object.keys(failures).length, 'no question is asked twice');
      assert.isFalse(hooks.calls.some(({ url }) => url === '/elsewhere'));
    });

  test('a clear no is a no, also with on_error allow; nobody there is on_error', async () => {
    const hooks = await startHooks({ on_publish: say('1') });
    const port = await freePort();
    const vhost = (name: string, url: string) =>
      `vhost ${name} { http_hooks { enabled on; on_publish ${url}; on_error allow; } }`;
    const srs = await startSrs({
      config: confOf('', vhost('no', hooks.url) + vhost('nobody', `http://127.0.0.1:${port}`)),
    });
    await (await publisher(srs.port, 's?vhost=no')).said(DENIED);
    await (await publisher(srs.port, 's?vhost=nobody')).said(STARTED);
  });
});

describe('notifications', () => {
  test('are told again after a failure, in order, with the same event id', async () => {
    const failed = new Set<unknown>();
    const once: Behaviour = (call, response) => {
      const first = !failed.has(call.body.event_id);
      failed.add(call.body.event_id);
      response.writeHead(first ? 503 : 200).end('0');
    };
    const hooks = await startHooks({ on_unpublish: once, on_close: once });
    const srs = await startSrs({ config: confOf(allHooks(hooks.url)) });
    const peer = await publisher(srs.port, 's');
    await peer.said(STARTED);
    peer.close();
    await until('all is told', () => hooks.of('on_close').length === 2, 10_000);
    assert.deepEqual(hooks.actions().slice(2), ['on_unpublish', 'on_unpublish', 'on_close', 'on_close']);
    const ids = hooks.of('on_close').map(({ body }) => body.event_id);
    assert.equal(ids[0], ids[1]);
  });

  test('a client that leaves while it is asked about: let through, then gone, each once', async () => {
    const hooks = await startHooks({ on_publish: (_call, response) => void setTimeout(() => response.end('0'), 500) });
    const srs = await startSrs({ config: confOf(allHooks(hooks.url)) });
    const peer = await publisher(srs.port, 's');
    await until('the hook is asked', () => hooks.of('on_publish').length === 1);
    peer.close();
    await until('the end is told', () => hooks.of('on_close').length === 1);
    assert.deepEqual(hooks.actions(), ['on_connect', 'on_publish', 'on_unpublish', 'on_close']);
    assert.notInclude(srs.log(), 'publish started');
  });

  test('SIGTERM: each start has its end before the process is gone', async () => {
    const hooks = await startHooks({
      on_stop: (_call, response) => void setTimeout(() => response.end('0'), 300),
    });
    const srs = await startSrs({ config: confOf(allHooks(hooks.url)) });
    await (await publisher(srs.port, 's')).said(STARTED);
    await Promise.all(Array.from({ length: 20 }, () => RawPeer.playing(srs.port, 's')));
    assert.equal((await srs.stop()).code, 0);
    const counts = ['on_publish', 'on_unpublish', 'on_play', 'on_stop', 'on_connect', 'on_close'].map(
      (action) => hooks.of(action).length,
    );
    assert.deepEqual(counts, [1, 1, 20, 20, 21, 21]);
  });

  test('SIGTERM does not wait for ever for a server that hangs', async () => {
    const hooks = await startHooks({ on_stop: () => undefined });
    const srs = await startSrs({ config: confOf(allHooks(hooks.url, 'timeout 60;')) });
    await RawPeer.playing(srs.port, 's');
    const started = performance.now();
    assert.equal((await srs.stop()).code, 0);
    assert.isBelow(performance.now() - started, 9000);
    assert.match(srs.log(), /hook notifications are lost/);
  });

  test('1000 sessions: every start and every end exactly once', { timeout: 120_000 }, async () => {
    const hooks = await startHooks();
    const srs = await startSrs({ config: confOf(allHooks(hooks.url)) });
    for (let round = 0; round < 20; round++) {
      const players = await Promise.all(Array.from({ length: 50 }, () => RawPeer.playing(srs.port, 's')));
      for (const player of players) player.close();
    }
    await until('all ends are told', () => hooks.of('on_close').length === 1000, 40_000);
    const orders = new Map<string, string[]>();
    for (const { body } of hooks.calls)
      orders.set(body.client_id, [...(orders.get(body.client_id) ?? []), body.action]);
    assert.equal(orders.size, 1000);
    for (const order of orders.values()) assert.deepEqual(order, ['on_connect', 'on_play', 'on_stop', 'on_close']);
  });
});

test('the example backend: signed questions, a key becomes a name', async () => {
  const port = await freePort();
  const file = join(import.meta.dirname, '../../docs/examples/hook-backend.mjs');
  const backend = background(process.execPath, [file], {
    env: { ...process.env, PORT: `${port}`, HOOK_SECRET: 'abc', STREAM_KEYS: 'k1=show' },
  });
  await until('the backend listens', () => backend.log().includes('on port'));
  const url = `http://127.0.0.1:${port}`;
  const srs = await startSrs({ config: confOf(allHooks(`${url}/hooks`, 'hook_secret abc;')) });
  await (await publisher(srs.port, 'k1')).said(STARTED);
  await RawPeer.playing(srs.port, 'show');
  const listed = (await (await fetch(url)).json()) as { action: string; stream: string }[];
  assert.deepEqual(listed, [
    { action: 'on_publish', stream: 'show' },
    { action: 'on_play', stream: 'show' },
  ]);
  await (await publisher(srs.port, 'guess')).said(DENIED);
  const forged = await fetch(`${url}/hooks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-srs-timestamp': '1', 'x-srs-signature': '00' },
    body: '{"action":"on_publish","stream":"k1"}',
  });
  assert.equal(forged.status, 403);
});
