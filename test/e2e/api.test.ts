import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Answer, apiOf, Contract } from '../support/api.js';
import { freePort } from '../support/free-port.js';
import { startHooks } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { reload, rewrite } from '../support/reload.js';
import { run, until } from '../support/run.js';
import { startSrs } from '../support/srs.js';
import { neverBack, publish, pushFile, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const config = `
listen PORT;
daemon off;
pid DIR/srs.pid;
srs_log_tank console;
http_api { enabled on; listen 127.0.0.1:API_PORT; write_token secret; }
http_server { enabled on; listen HTTP_PORT; }
vhost __defaultVhost__ { http_remux { enabled on; } hls { enabled on; hls_fragment 1; } publish { grace 1; } }
vhost off.example.com { enabled off; }
`;
type List = 'vhosts' | 'streams' | 'clients';
const ids = (answer: Answer, list: List): string[] => answer.body[list].map(({ id }) => id);

test('every endpoint answers as the served OpenAPI document says, with and without a slash at the end', async () => {
  const srs = await startSrs({ config });
  const ask = apiOf(srs.ports.API_PORT, 'Bearer secret');
  await publish(srs.url('live', 'a?key=hidden'));
  await record(srs.url('live', 'a'));
  await until('a publisher and a player', async () => (await ask('/api/v1/clients')).body.total === 2);
  const contract = new Contract((await ask('/api/v1/openapi.json')).body);
  const check = async (
    method: string,
    path: string,
    real = path,
    wanted = 200,
    init: RequestInit = {},
  ): Promise<Answer> => {
    const answer = await ask(real, { ...init, method });
    assert.equal(contract.check(method, path, answer), '');
    assert.equal(answer.status, wanted, `${method} ${real}`);
    return answer;
  };
  const queries = ['?start=0&count=1', '/', ''];
  const listening = new AbortController();
  const events = await fetch(`http://127.0.0.1:${srs.ports.API_PORT}/api/v1/events`, {
    headers: { authorization: 'Bearer secret' },
    signal: listening.signal,
  });
  assert.equal(events.headers.get('content-type'), contract.typeOf('GET', '/api/v1/events'));
  listening.abort();

  for (const operation of contract.operations) {
    const [method = '', path = ''] = operation.split(' ');
    if (method !== 'GET' || path.includes('{') || contract.checked.has(operation)) continue;
    for (const end of queries) await check(method, path, path + end, path.endsWith('redirects') ? 301 : 200);
  }
  for (const list of ['vhosts', 'streams', 'clients'] as const) {
    const [id = ''] = ids(await ask(`/api/v1/${list}`), list);
    const one = `/api/v1/${list}/{id}`;
    assert.match(JSON.stringify((await check('GET', one, `/api/v1/${list}/${id}/`)).body), new RegExp(`"id":"${id}"`));
    const missing = await check('GET', one, `/api/v1/${list}/nobody`, 404);
    assert.deepEqual(Object.keys(missing.body), ['code', 'message']);
  }
  assert.equal((await check('POST', '/api/v1/reload')).body.changes.length, 0);

  const [stream = ''] = ids(await ask('/api/v1/streams'), 'streams');
  const json = (body: object): RequestInit => ({
    body: JSON.stringify(body),
    headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
  });
  const forwards = '/api/v1/forwards';
  const added = await check('POST', forwards, forwards, 200, json({ stream, destination: '127.0.0.1:1' }));
  const { id } = added.body.forward;
  for (const verb of ['pause', 'resume']) {
    await check('POST', `${forwards}/{id}/${verb}`, `${forwards}/${id}/${verb}`);
    await check('POST', `${forwards}/{id}/${verb}`, `${forwards}/nobody/${verb}`, 404);
  }
  await check('GET', `${forwards}/{id}`, `${forwards}/${id}`);
  await check('POST', forwards, forwards, 422, json({ stream, destination: 'not one' }));
  await check('POST', forwards, forwards, 404, json({ stream: 'nobody', destination: 'h' }));
  const { body } = await check('GET', '/api/v1/streams/{id}', `/api/v1/streams/${stream}`);
  assert.deepEqual(
    body.stream.forwards.map((one) => one.id),
    [id],
  );
  const kick = async (path: string, id: string) => (await check('DELETE', path, path.replace('{id}', id))).body;
  assert.equal((await kick('/api/v1/streams/{id}/viewers', stream)).kicked, 1);
  await until('the player is gone', async () => (await ask('/api/v1/clients')).body.total === 1);
  const [publisher = ''] = ids(await ask('/api/v1/clients'), 'clients');
  await kick('/api/v1/clients/{id}', publisher);
  await until('the client is gone', async () => (await ask(`/api/v1/clients/${publisher}`)).status === 404);
  await publish(srs.url('live', 'a'));
  assert.equal((await kick('/api/v1/streams/{id}/publisher', stream)).kicked, 1);
  for (const path of contract.operations.filter((operation) => operation.startsWith('DELETE')))
    await check('DELETE', path.slice(7), path.slice(7).replace('{id}', 'nobody'), 404);
  assert.deepEqual([...contract.checked].sort(), contract.operations.sort());
  assert.doesNotMatch(srs.log(), /internal error/);
});

test('kicks end connections of every protocol, and nobody else', async () => {
  const srs = await startSrs({ config });
  const ask = apiOf(srs.ports.API_PORT, 'Bearer secret');
  const encoder = await publish(srs.url('live', 'a'));
  const other = await publish(srs.url('live', 'b'));
  const fed = feed(encoder, { frames: 60, pace: 40, gop: 10 });
  const player = await record(srs.url('live', 'a'));
  const elsewhere = await record(srs.url('live', 'b'));
  const flv = receive(srs.ports.HTTP_PORT, '/live/a.flv');
  const webSocket = new WebSocket(`ws://127.0.0.1:${srs.ports.HTTP_PORT}/live/a.flv`);
  sockets.push(() => webSocket.terminate());
  const playlist = () => fetch(`http://127.0.0.1:${srs.ports.HTTP_PORT}/live/a.m3u8`);
  await until('HLS is there', async () => (await playlist()).ok);
  const stream = async () => (await ask('/api/v1/streams')).body.streams.find(({ name }) => name === 'a');
  const live = await until('four players', async () => {
    const now = await stream();
    return now?.viewers === 4 && now;
  });

  assert.equal((await ask(`/api/v1/streams/${live.id}/viewers`, { method: 'DELETE' })).body.kicked, 4);
  await until('they are closed', () => player.closed() && flv.closed && webSocket.readyState === WebSocket.CLOSED);
  assert.equal((await playlist()).status, 403);
  await until('they are left', async () => (await stream())?.viewers === 0);
  assert.equal((await stream())?.publish.active, true);
  await fed;
  assert.equal((await ask(`/api/v1/streams/${live.id}/publisher`, { method: 'DELETE' })).body.kicked, 1);
  await until('the publisher is gone', async () => (await stream())?.publish.active !== true);
  const left = async () =>
    (await ask('/api/v1/clients')).body.clients.map(({ name, publish }) => `${name} ${publish ? 'comes' : 'goes'}`);
  await expect.poll(left, { timeout: 10_000 }).toEqual(['b comes', 'b goes']);
  assert.equal(elsewhere.closed(), false);
  other.close();
});

test('a player that does not read: its lag, and that it was taken on to a newer key frame', async () => {
  const srs = await startSrs({ config: config.replace('publish {', 'play { queue_length 2; } publish {') });
  const ask = apiOf(srs.ports.API_PORT, 'Bearer secret');
  const encoder = await publish(srs.url('live', 'a'));
  await feed(encoder, { frames: 1 });
  const reader = receive(srs.ports.HTTP_PORT, '/live/a.flv');
  await until('one is there', () => reader.bytes > 0);
  const sleeper = receive(srs.ports.HTTP_PORT, '/live/a.flv');
  await until('both are there', () => sleeper.bytes > 0);
  sleeper.socket.pause();
  // In the order of arrival, as documented.
  const slow = async () => (await ask('/api/v1/clients')).body.clients[2];
  let time = 40;
  /** A second of the stream, once the reader has the one before: it is never behind. */
  const more = async () => {
    const before = reader.bytes;
    await feed(encoder, { start: time, frames: 25, bytes: 100_000, pace: 1 });
    time += 25 * 40;
    await until('the reader has all', () => reader.bytes > before + 25 * 100_000);
  };
  await until('the lag shows', async () => {
    await more();
    return ((await slow())?.lag_ms ?? 0) >= 1000;
  });
  // More than is kept for it.
  for (let second = 0; second < 3; second++) await more();
  sleeper.socket.resume();
  await until('it goes on', async () => {
    await more();
    return ((await slow())?.drops ?? 0) > 0;
  });
  const { clients } = (await ask('/api/v1/clients')).body;
  assert.equal(clients[1]?.drops, 0);
  // It may be taken on once more between the two answers.
  await until('the stream has the drops of its players', async () => {
    const { drops } = (await slow()) ?? {};
    return (await ask('/api/v1/streams')).body.streams[0]?.drops === drops;
  });
});

test('http_api is reloaded there and back while a stream runs; a file that cannot be used changes nothing', async () => {
  const srs = await startSrs({ config: config.replace('write_token secret;', '') });
  const player = await record(srs.url('live', 'a'));
  const encoder = await publish(srs.url('live', 'a'));
  let running = true;
  let sent = 0;
  const fed = (async () => {
    for (; running; sent += 400) await feed(encoder, { start: sent, frames: 10, pace: 40, gop: 10 });
  })();
  const ask = apiOf(srs.ports.API_PORT);
  const streams = async (authorization = '', origin = '') =>
    ask('/api/v1/streams', { headers: { ...(authorization && { authorization }), ...(origin && { origin }) } });
  const kick = async (authorization: string) =>
    (await ask('/api/v1/clients/nobody', { method: 'DELETE', headers: { authorization } })).status;
  const password = `Basic ${Buffer.from('me:word').toString('base64')}`;
  const set = (from: string, to: string) => reload(srs, (text) => text.replace(from, to));
  const allowed = async () => (await streams('', 'https://a.example')).headers.get('access-control-allow-origin');

  for (const [rows, check] of [
    ['read_token r;', async (on: boolean) => assert.equal((await streams()).status, on ? 401 : 200)],
    ['write_token w;', async (on: boolean) => assert.equal(await kick('Bearer w'), on ? 404 : 403)],
    [
      'auth { enabled on; username me; password word; }',
      async (on: boolean) => {
        assert.equal(await kick(password), on ? 404 : 403);
        assert.equal((await streams()).status, on ? 401 : 200);
      },
    ],
    [
      'allow_origin https://a.example;',
      async (on: boolean) => assert.equal(await allowed(), on ? 'https://a.example' : null),
    ],
  ] as const) {
    await check(false);
    await set('http_api {', `http_api { ${rows}`);
    await check(true);
    await set(`http_api { ${rows}`, 'http_api {');
    await check(false);
  }

  // The API reloads too, and tells what changed; secrets are in neither answer.
  const port = srs.ports.API_PORT ?? 0;
  await set('http_api {', 'http_api { write_token secret;');
  const operator = apiOf(port, 'Bearer secret');
  rewrite(srs, (text) => text.replace('hls_fragment 1', 'hls_fragment 2').replace('secret;', 'hidden;'));
  const told = await operator('/api/v1/reload', { method: 'POST' });
  assert.deepEqual(told.body.changes, [
    'http_api write_token changed',
    'vhost __defaultVhost__ hls hls_fragment: 1 → 2',
  ]);
  assert.equal((await operator('/api/v1/reload', { method: 'POST' })).status, 401);
  const now = apiOf(port, 'Bearer hidden');
  const { settings } = (await now('/api/v1/config')).body;
  const shown = (name: string) => settings.find((one) => one.name === name)?.value;
  assert.deepEqual([shown('write_token'), shown('hls_fragment')], ['***', 2]);
  assert.ok(!settings.some(({ value }) => JSON.stringify(value).includes('hidden')));
  rewrite(srs, (text) => text.replace('hls_fragment 2', 'hls_fragment two'));
  const refused = await now('/api/v1/reload', { method: 'POST' });
  assert.deepEqual([refused.status, refused.body.code], [422, 'CONFIG_INVALID']);
  assert.match(refused.body.message, /srs\.conf:\d+:\d+: /);
  assert.equal((await now('/api/v1/streams')).status, 200);
  await set('hls_fragment two', 'hls_fragment 1');

  await set('enabled on; listen 127.0.0.1', 'enabled off; listen 127.0.0.1');
  await assert.rejects(now('/api/v1/streams'));
  await set('enabled off; listen 127.0.0.1', 'enabled on; listen 127.0.0.1');
  assert.equal((await now('/api/v1/streams')).status, 200);
  const second = await freePort();
  await set(`127.0.0.1:${port}`, `127.0.0.1:${second}`);
  assert.equal((await apiOf(second, 'Bearer hidden')('/api/v1/streams')).status, 200);
  await assert.rejects(now('/api/v1/streams'));
  await set(`127.0.0.1:${second}`, `127.0.0.1:${port}`);
  assert.equal((await now('/api/v1/streams')).body.streams[0]?.publish.active, true);

  running = false;
  await fed;
  const frames = () => times(player.media(), 'video');
  await player.until('every frame', () => frames().length === sent / 40);
  assert.ok(neverBack(frames()) && frames().at(-1) === sent - 40 && !player.closed());
});

test('ids are those of hooks, and stay over a restart with server_id', async () => {
  const hooks = await startHooks();
  const text = config
    .replace('daemon off;', 'daemon off; server_id one;')
    .replace('hls {', `http_hooks { enabled on; on_publish ${hooks.url}/hook; } hls {`);
  const srs = await startSrs({ config: text });
  const look = async (port: number | undefined) => (await apiOf(port, 'Bearer secret')('/api/v1/streams')).body;
  await publish(srs.url('live', 'a'));
  const live = await until('it is live', async () => {
    const answer = await look(srs.ports.API_PORT);
    return answer.streams[0]?.publish.active && answer;
  });
  const [stream] = live.streams;
  const body: Record<string, unknown> = hooks.of('on_publish')[0]?.body ?? {};
  assert.deepEqual(
    [body.client_id, body.stream_id, body.stream_url, body.server_id, body.service_id],
    [stream?.publish.cid, stream?.id, stream?.stream_url, 'one', live.service],
  );
  await srs.stop();
  const again = await startSrs({ config: text });
  await publish(again.url('live', 'a'));
  const back = await until('it is live again', async () => {
    const answer = await look(again.ports.API_PORT);
    return answer.streams[0]?.publish.active && answer;
  });
  assert.equal(back.streams[0]?.id, stream?.id);
  assert.notEqual(back.service, live.service);
});

withPeers('ffmpeg')('numbers of a stream of ffmpeg', () => {
  test('codecs as ffprobe tells them, rates as the file has them, bytes as players receive them', async () => {
    const file = await clip({ bFrames: 2 });
    const srs = await startSrs({ config });
    const ask = apiOf(srs.ports.API_PORT, 'Bearer secret');
    const encoder = pushFile(file, `${srs.url('live', 'a')}?token=hidden`);
    const stream = async () => (await ask('/api/v1/streams')).body.streams[0];
    await until('the stream is there', async () => ((await stream())?.video?.width ?? 0) > 0);

    const player = receive(srs.ports.HTTP_PORT, '/live/a.flv');
    const hls = await until('HLS is there', async () => {
      const list = await fetch(`http://127.0.0.1:${srs.ports.HTTP_PORT}/live/a.m3u8`);
      return list.ok && (await list.text());
    });
    const probe = await ffprobe(file);
    const video = probe.streams.find(({ codec_type }) => codec_type === 'video');
    const audio = probe.streams.find(({ codec_type }) => codec_type === 'audio');
    const kbps = Number(probe.format.bit_rate) / 1000;
    const isNear = (value: number, wanted: number) => Math.abs(value / wanted - 1) < 0.35;
    // In real time: what stood still for a second shows lower rates until that is made up for.
    const live = await until(
      'two groups of pictures have passed, at the rates of the file',
      async () => {
        const now = await stream();
        const isRight = now && isNear(now.kbps.recv_30s, kbps) && isNear(now.frames, now.publish.alive * 25);
        return isRight && now.frames > 125 && now;
      },
      25_000,
    );
    expect(live.video).toMatchObject({
      codec: 'H264',
      profile: video?.profile,
      level: `${Number(video?.level) / 10}`,
      width: video?.width,
      height: video?.height,
      gop: { frames: 50, ms: 2000 },
    });
    expect(live.video?.fps).toBeCloseTo(25, 0);
    const { sample_rate, channels, profile } = audio ?? {};
    expect(live.audio).toEqual({ codec: 'AAC', sample_rate: Number(sample_rate), channel: channels, profile });
    expect(live).toMatchObject({ clients: 3, viewers: 2, publish: { active: true, ip: '127.0.0.1' } });

    const { clients } = (await ask('/api/v1/clients')).body;
    const by = (protocol: string) => clients.find((client) => client.protocol === protocol);
    expect(by('rtmp')).toMatchObject({ id: live.publish.cid, publish: true, type: 'fmle-publish', name: 'a' });
    expect(by('flv')).toMatchObject({ type: 'Play', url: '/live/a', stream: live.id, vhost: live.vhost, drops: 0 });
    expect(by('hls')).toMatchObject({ type: 'Play', send_bytes: Buffer.byteLength(hls) });
    assert.doesNotMatch(JSON.stringify(clients), /hidden/);

    await encoder.stop();
    // Nobody sends any more: every byte that was counted has come.
    const sent = await until('the last bytes', async () => {
      const { status, body } = await ask(`/api/v1/clients/${by('flv')?.id}`);
      return status === 200 && body.client.send_bytes === player.bytes && body.client.send_bytes;
    });
    assert.ok(sent > 100_000);
    await until('the stream has ended', async () => (await stream())?.publish.active !== true);
    const { body } = await ask('/api/v1/vhosts');
    const [first, second] = body.vhosts;
    assert.ok(
      first !== undefined && first.recv_bytes >= live.recv_bytes && first.send_bytes >= sent,
      'totals stay when clients go',
    );
    assert.deepEqual([first.streams, second?.enabled], [0, false]);
    await until('the publisher is added up', async () => {
      const closed = new RegExp(`"conn":"${live.publish.cid}".*"was":"\\w+","bytesIn":(\\d+)`).exec(srs.log())?.[1];
      return (await ask('/api/v1/vhosts')).body.vhosts[0]?.recv_bytes === Number(closed);
    });
  });
});

/** An HTTP player that counts every byte of its connection. */
function receive(port: number | undefined, path: string) {
  const socket = connect(port ?? 0, '127.0.0.1');
  const counter = { socket, bytes: 0, closed: false };
  socket.on('data', (bytes) => (counter.bytes += bytes.length));
  socket.on('close', () => (counter.closed = true));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  sockets.push(() => socket.destroy());
  return counter;
}

const sockets: (() => void)[] = [];
afterEach(() => {
  for (const close of sockets.splice(0)) close();
});

interface Probed {
  streams: {
    codec_type: string;
    profile: string;
    level: number;
    width: number;
    height: number;
    sample_rate: string;
    channels: number;
  }[];
  format: { bit_rate: string };
}

async function ffprobe(file: string): Promise<Probed> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_streams', '-show_format', file]);
  return JSON.parse(stdout) as Probed;
}
