import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RtmpClient } from '../../src/link/index.js';
import { apiOf } from '../support/api.js';
import { edgeConf, edgesOf, linesOf, startPair } from '../support/edge.js';
import { probe } from '../support/ffprobe.js';
import { freePort } from '../support/free-port.js';
import { confOf, startHooks } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { pullFlv, pullWsFlv } from '../support/pull-flv.js';
import { reload } from '../support/reload.js';
import { startDoor } from '../support/rtmp-door.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { isConfig, publish, pushFile, record, times } from '../support/streams.js';
import { feed, tag } from '../support/synthetic.js';

const at = (...servers: Srs[]): string => servers.map(({ port }) => `127.0.0.1:${port}`).join(' ');
const playsOf = (origin: Srs): number => linesOf(origin, 'play started').length;
const endsOf = (origin: Srs): number => linesOf(origin, 'play ended').length;

/** Publishes in real time until the test is over, a key frame each second. */
async function goLive(srs: Srs, name: string) {
  const client = await publish(srs.url('live', name));
  feed(client, { frames: 100_000, pace: 40 }).catch(() => undefined);
  onTestFinished(() => client.close());
  return client;
}

withPeers('ffmpeg')('one origin and two edges (spec/rtmp.md §9)', () => {
  test('ffprobe plays over every protocol, and each edge pulls once', async () => {
    const origin = await startSrs();
    const sample = readFileSync(join(import.meta.dirname, '../../conf/edge.conf'), 'utf8');
    const [near, far] = [
      await startSrs({ config: edgeConf(at(origin)) }),
      await startSrs({
        config: sample
          .replace('listen 1935;', 'listen PORT;')
          .replace('listen 8080;', 'listen HTTP_PORT;')
          .replace('127.0.0.1:1985', '127.0.0.1:API_PORT')
          .replace('./objs/', 'DIR/')
          .replace('127.0.0.1:19350', at(origin)),
      }),
    ];
    pushFile(await clip({ bFrames: 2 }), origin.url('live', 's'));
    await until('it is live', () => linesOf(origin, 'publish started').length === 1);
    const http = (edge: Srs) => `http://127.0.0.1:${edge.ports.HTTP_PORT}/live/s`;
    const urls = [near.url('live', 's'), `${http(near)}.flv`, `${http(near)}.ts`, `${http(near)}.m3u8`];
    urls.push(far.url('live', 's'), `${http(far)}.flv`);
    const webSocket = pullWsFlv(near.ports.HTTP_PORT as number, '/live/s.flv');
    const found = await Promise.all(urls.map(async (url) => (await probe(url, 1)).streams));
    for (const streams of found) expect(streams).toEqual(expect.arrayContaining(['video:h264', 'audio:aac']));
    await until('WebSocket gets tags', () => webSocket.tags().length > 10);
    expect(playsOf(origin)).toBe(2);
    // The origin's log leads to the edge's.
    const [upstream] = linesOf(near, 'publish started');
    const conn = /"conn":"(\w+)"/.exec(upstream ?? '')?.[1];
    expect(origin.log()).toContain(`"server":"SRS/0.1.0","serverPid":${near.pid},"serverConn":"${conn}"`);
    expect((await near.stop()).code).toBe(0);
  });
});

describe('pull', () => {
  test('50 players at once cause one upstream; it ends a moment after the last of them', { retry: 0 }, async () => {
    const { origin, edge } = await startPair('cluster { linger 0.5; }');
    await goLive(origin, 'x');
    const players = await Promise.all(Array.from({ length: 50 }, () => record(edge.url('live', 'x'))));
    for (const player of players) await player.until('frames', () => times(player.media(), 'video').length > 5);
    expect(playsOf(origin)).toBe(1);
    expect(await edgesOf(edge)).toMatchObject([
      {
        role: 'pull',
        stream_url: '__defaultVhost__/live/x',
        upstream: `rtmp://127.0.0.1:${origin.port}/live/x`,
        state: 'live',
        reconnects: 0,
        failures: 0,
        last_error: '',
      },
    ]);
    for (const { client } of players.slice(1)) client.close();
    await until('one is left', () => linesOf(edge, 'play ended').length === 49);
    expect(endsOf(origin)).toBe(0);

    // Who comes back within the linger finds it still there.
    players[0]?.client.close();
    await until('nobody is left', () => linesOf(edge, 'play ended').length === 50);
    const back = await record(edge.url('live', 'x'));
    await back.until('frames', () => times(back.media(), 'video').length > 5);
    expect(playsOf(origin)).toBe(1);
    back.client.close();
    await until('the upstream is closed', () => endsOf(origin) === 1);
    expect(linesOf(edge, 'edge pull ended')[0]).toContain('the last player has left');
    expect(await edgesOf(edge)).toEqual([]);
  });

  test('a stream that the origin does not have: players wait on one connection, HTTP gets its 404', async () => {
    const origin = await startSrs();
    const edge = await startSrs({
      config: edgeConf(at(origin), 'http_remux { enabled on; wait 0.3; }').replace(/http_remux \{[^}]*\.ts; \}/, ''),
    });
    const player = await record(edge.url('live', 'later'));
    await until('the origin is asked', () => playsOf(origin) === 1);
    expect(await edgesOf(edge)).toMatchObject([{ state: 'waiting', failures: 0 }]);
    const answer = await fetch(`http://127.0.0.1:${edge.ports.HTTP_PORT}/live/later.flv`);
    expect(answer.status).toBe(404);
    expect(playsOf(origin)).toBe(1);
    // Nobody else wanted this one: it is given up at once.
    const other = await fetch(`http://127.0.0.1:${edge.ports.HTTP_PORT}/live/other.flv`);
    expect(other.status).toBe(404);
    await until('given up', () => linesOf(edge, 'edge pull ended').length === 1);

    await goLive(origin, 'later');
    await player.until('frames', () => times(player.media(), 'video').length > 5);
    expect(linesOf(origin, 'play started').filter((line) => line.includes('live/later'))).toHaveLength(1);
    expect(linesOf(edge, 'edge pull failed, it will be tried again')).toEqual([]);
  });

  test('times, metadata and Enhanced RTMP arrive as the origin sends them', async () => {
    const { origin, edge } = await startPair('', confOf('time_jitter off;'));
    const publisher = await publish(origin.url('live', 'raw'));
    const [direct, relayed] = [await record(origin.url('live', 'raw')), await record(edge.url('live', 'raw'))];
    await until('the origin is asked', () => playsOf(origin) === 2);
    publisher.sendMetadata({ width: 640, custom: 'x', duration: 0 });
    const hevc = (kind: number, timestamp: number) => ({
      kind: 'video' as const,
      timestamp,
      payload: Buffer.from([0x80 | kind, ...Buffer.from('hvc1'), 0, 0, 80, 1, 2, 3, 4, 5]),
    });
    publisher.send(hevc(0x10, 0)); // sequence start
    for (let i = 0; i < 30; i++) {
      publisher.send(hevc(i === 0 ? 0x11 : 0x21, 0xff_fff0 + i * 40));
      publisher.send(tag.audio(0xff_fff0 + i * 40 + 7));
    }
    const last = 0xff_fff0 + 29 * 40;
    for (const player of [direct, relayed])
      await player.until('the last frame', () => times(player.messages, 'audio').at(-1) === last + 7);
    const media = (all: typeof direct.messages) =>
      all
        .filter(({ kind }) => kind !== 'data')
        .map((m) => [m.kind, m.timestamp, Buffer.from(m.payload).toString('hex')]);
    expect(media(relayed.messages)).toEqual(media(direct.messages));
    const metadata = (all: typeof direct.messages) =>
      all
        .map((m) => Buffer.from(m.payload))
        .find((m) => m.includes('onMetaData'))
        ?.toString('hex');
    expect(metadata(relayed.messages)).toBe(metadata(direct.messages));
    expect(metadata(relayed.messages)).toContain(Buffer.from('custom').toString('hex'));
    // What the origin says to each of its players is not of the stream.
    const told = relayed.messages.filter((m) => Buffer.from(m.payload).includes('RtmpSampleAccess'));
    expect(told).toHaveLength(1);
  });

  test('HLS: the playlist waits for its first segment, and a stale one is not shown', async () => {
    const { origin, edge } = await startPair('publish { grace 0.2; normal_timeout 1000; }');
    const encoder = await goLive(origin, 'x');
    const url = `http://127.0.0.1:${edge.ports.HTTP_PORT}/live/x.m3u8`;
    const player = await record(edge.url('live', 'x'));
    const first = await (await fetch(url)).text();
    expect(first).toContain('#EXTINF');
    expect(playsOf(origin)).toBe(1);
    const client = (await apiOf(edge.ports.API_PORT)('/api/v1/clients')).body.clients.find((c) => c.protocol === 'hls');
    expect(client?.type).toBe('Play');
    // The stream ends for want of players. A newcomer gets what is live then, one that was here hears the end.
    await encoder.unpublish();
    await until('the stream is over', () => linesOf(edge, 'publish ended').length === 1);
    await until('its player hears it', async () => (await (await fetch(url)).text()).includes('#EXT-X-ENDLIST'));
    const newcomer = fetch(url, { headers: { 'user-agent': 'another' } });
    await goLive(origin, 'x');
    const second = await (await newcomer).text();
    expect(second).toContain('#EXTINF');
    expect(second).not.toContain('#EXT-X-ENDLIST');
    const segments = (text: string) => text.split('\n').filter((line) => line.endsWith('.ts'));
    expect(segments(second).filter((name) => segments(first).includes(name))).toEqual([]);
    player.client.close();
    // What is no stream of the edge is no reason to ask the origin.
    const asked = playsOf(origin);
    expect((await fetch(url.replace('/live/x.m3u8', '/x.m3u8'))).status).toBe(404);
    expect((await fetch(url.replace('.m3u8', '.mpd'))).status).toBe(404);
    expect(playsOf(origin)).toBe(asked);
  });

  test('the vhost of the origin, and its name for a stream, are those that the edge says', async () => {
    const origin = await startSrs({
      config: `${confOf('')}\nvhost up.example.com { }\nvhost other.example.com { }`,
    });
    const edge = await startSrs({
      config: edgeConf(at(origin), 'cluster { vhost up.example.com; debug_srs_upnode off; }').replace(
        'vhost __defaultVhost__',
        'vhost edge.example.com',
      ),
    });
    await goLive(origin, 'x?vhost=up.example.com');
    const player = await record(`rtmp://127.0.0.1:${edge.port}/live?vhost=edge.example.com&token=secret/x`);
    await player.until('frames', () => times(player.media(), 'video').length > 5);
    expect(linesOf(origin, 'play started')[0]).toContain('"stream":"up.example.com/live/x"');
    expect(origin.log()).not.toContain('serverPid');
    expect(edge.log()).not.toContain('secret');
  });
});

describe('push', () => {
  test('a publisher reaches the origin with its parameters; players of the edge have the stream from there', async () => {
    const hooks = await startHooks();
    const origin = await startSrs({
      config: confOf(`http_hooks { enabled on; on_publish ${hooks.url}/origin; on_unpublish ${hooks.url}/origin; }`),
    });
    const edge = await startSrs({
      config: edgeConf(
        at(origin),
        `publish { grace 0.5; } http_hooks { enabled on; on_publish ${hooks.url}/edge; on_unpublish ${hooks.url}/edge; on_play ${hooks.url}/edge; }`,
      ),
    });
    const publisher = await publish(`${edge.url('live', 'p')}?token=1&vhost=__defaultVhost__`);
    const players = [await record(origin.url('live', 'p')), await record(edge.url('live', 'p'))];
    await feed(publisher, { frames: 60, pace: 10 });
    for (const player of players)
      await player.until('the last frame', () => times(player.media(), 'video').at(-1) === 59 * 40, 20_000);
    expect(await edgesOf(edge)).toMatchObject([
      { role: 'push', state: 'live', upstream: `rtmp://127.0.0.1:${origin.port}/live/p` },
    ]);
    const stream = (await apiOf(edge.ports.API_PORT)('/api/v1/streams')).body.streams[0];
    expect(stream?.edge).toMatchObject({ role: 'push', state: 'live' });
    expect(linesOf(edge, 'edge pull started')).toEqual([]);
    publisher.close();
    await until('the hooks hear all', () => hooks.calls.length === 5);
    const told = hooks.calls.map(({ url, body }) => [url, body.action, body.param ?? '']);
    expect(told).toEqual([
      ['/edge', 'on_publish', '?token=1&vhost=__defaultVhost__'],
      ['/origin', 'on_publish', '?token=1'],
      ['/edge', 'on_play', ''],
      ['/edge', 'on_unpublish', '?token=1&vhost=__defaultVhost__'],
      ['/origin', 'on_unpublish', '?token=1'],
    ]);
    // Who still plays at the edge gets the stream from wherever it is published next.
    await until('it is pulled now', () => linesOf(edge, 'edge pull started').length === 1);
    await goLive(origin, 'p');
    const [, atEdge] = players;
    const seen = times(atEdge?.media() ?? [], 'video').length;
    await atEdge?.until('it goes on', () => times(atEdge.media(), 'video').length > seen + 5);
    expect(atEdge?.closed()).toBe(false);
  });

  test('refused in terms of the publisher: busy, not let in, no origin', async () => {
    const hooks = await startHooks();
    const origin = await startSrs({ config: confOf('publish { policy reject; }') });
    const strict = await startSrs({ config: confOf('security { enabled on; deny publish all; }') });
    const closed = await freePort();
    const edge = await startSrs({
      config: `${edgeConf(at(origin), `http_hooks { enabled on; on_publish ${hooks.url}; on_unpublish ${hooks.url}; }`)}
        vhost strict { mode remote; origin 127.0.0.1:${closed} ${at(strict)}; }
        vhost dead { mode remote; origin 127.0.0.1:${closed}; }`,
    });
    await goLive(origin, 'x');
    await expect(publish(edge.url('live', 'x'))).rejects.toThrow(
      /the server refused: the origin refused: .*already has a publisher/,
    );
    await expect(publish(edge.url('live', 'x?vhost=strict'))).rejects.toThrow('the origin refused');
    await expect(publish(edge.url('live', 'x?vhost=dead'))).rejects.toThrow('no origin can be reached');
    expect(linesOf(edge, 'publish started')).toEqual([]);
    const refused = linesOf(edge, 'client refused');
    expect(refused.map((line) => /"code":"(\w+)"/.exec(line)?.[1])).toEqual([
      'STREAM_BUSY',
      'ORIGIN_REFUSED',
      'ORIGIN_UNREACHABLE',
    ]);
    expect(refused[2]).toMatch(/"to":"rtmp:[^"]*\/live\/x","said":"connection to 127.0.0.1:\d+: [^"]*ECONNREFUSED/);
    await until('the hook hears the end', () => hooks.calls.length === 2);
    expect(hooks.actions()).toEqual(['on_publish', 'on_unpublish']);
    // The encoder at the origin noticed nothing.
    expect(linesOf(origin, 'publish ended')).toEqual([]);
    expect((await edge.stop()).code).toBe(0);
  });

  test('an encoder that comes back finds its push still there; one that takes a pulled stream over ends the pull', async () => {
    const { origin, edge } = await startPair();
    await goLive(origin, 'x');
    const player = await record(edge.url('live', 'x'));
    await player.until('frames', () => times(player.media(), 'video').length > 5);
    const first = await publish(edge.url('live', 'x'));
    await feed(first, { frames: 10 });
    await until('the pull has ended', () => linesOf(edge, 'edge pull ended').length === 1);
    expect(linesOf(edge, 'edge pull failed, it will be tried again')).toEqual([]);
    first.close();
    const second = await publish(edge.url('live', 'x'));
    const atOrigin = await record(origin.url('live', 'x'));
    await feed(second, { frames: 20, start: 5_000_000 });
    await atOrigin.until('frames', () => atOrigin.media().length >= 20);
    expect(linesOf(edge, 'edge push is live')).toHaveLength(1);
    expect(linesOf(origin, 'publish started')).toHaveLength(2);
    expect(atOrigin.messages.some((m) => m.kind === 'video' && isConfig(m))).toBe(true);
    expect(player.closed()).toBe(false);
  });

  test('an origin decides about each query, also while the stream is live', async () => {
    const hooks = await startHooks({
      on_publish: ({ body }, response) => void response.end(`${body.param}`.includes('key=good') ? '0' : '1'),
    });
    const conf = confOf(`http_hooks { enabled on; on_publish ${hooks.url}; on_unpublish ${hooks.url}; }`);
    const { origin, edge } = await startPair('', conf);
    const go = async (query: string, start: number) => {
      const client = await publish(`${edge.url('live', 'x')}${query}`);
      feed(client, { frames: 100_000, pace: 40, start }).catch(() => undefined);
      onTestFinished(() => client.close());
      return client;
    };
    const goesOn = async () => {
      const seen = atOrigin.media().length;
      await atOrigin.until('it goes on', () => atOrigin.media().length > seen + 10);
    };
    const first = await go('?key=good', 0);
    const atOrigin = await record(origin.url('live', 'x'));
    await goesOn();
    await expect(publish(`${edge.url('live', 'x')}?key=bad`)).rejects.toThrow('the origin refused');
    await expect(publish(edge.url('live', 'x'))).rejects.toThrow('the origin refused');
    await goesOn();
    expect(first.link.isClosed).toBe(false);
    expect(linesOf(edge, 'edge push is live')).toHaveLength(1);

    const second = await go('?key=good&again=1', 0);
    await until('the first has been taken over', () => first.link.isClosed);
    await goesOn();
    expect(await edgesOf(edge)).toMatchObject([{ role: 'push', state: 'live', failures: 0 }]);
    // It comes back, under a name of its own: nobody publishes, so the origin is free for it.
    second.close();
    await until('it has left', () => linesOf(edge, 'publish ended').length === 2);
    await go('?key=good&again=2', 0);
    await goesOn();
    expect(atOrigin.closed()).toBe(false);
    expect(hooks.of('on_publish').map(({ body }) => body.param)).toEqual([
      '?key=good',
      '?key=bad',
      '',
      '?key=good&again=1',
      '?key=good&again=2',
    ]);
    expect((await edge.stop()).code).toBe(0);
    await until('the origin has heard the end of each', () => hooks.of('on_unpublish').length === 3);
  });

  test('a publisher who leaves while an origin is asked about it changes nothing for the one that is live', async () => {
    const waiting: (() => void)[] = [];
    const hooks = await startHooks({
      on_publish: ({ body }, response) =>
        body.param === '' ? void response.end('0') : void waiting.push(() => response.end('1')),
    });
    const { origin, edge } = await startPair('', confOf(`http_hooks { enabled on; on_publish ${hooks.url}; }`));
    const first = await goLive(edge, 'x');
    const atOrigin = await record(origin.url('live', 'x'));
    const second = await RtmpClient.connect(`${edge.url('live', 'x')}?other`);
    second.publish().catch(() => undefined);
    await until('the origin is asked', () => waiting.length === 1);
    second.close();
    await until('it has left', () => linesOf(edge, 'connection closed').length === 1);
    for (const answer of waiting) answer();
    const seen = atOrigin.media().length;
    await atOrigin.until('it goes on', () => atOrigin.media().length > seen + 20);
    expect(first.link.isClosed).toBe(false);
    expect(await edgesOf(edge)).toMatchObject([{ role: 'push', state: 'live' }]);
    // Stopping in the middle of a question ends that, too.
    const third = await RtmpClient.connect(`${edge.url('live', 'x')}?third`);
    third.publish().catch(() => undefined);
    await until('the origin is asked', () => waiting.length === 2);
    expect((await edge.stop()).code).toBe(0);
  });
});

describe('token_traverse: the origin decides who comes in', () => {
  test('with the tcUrl of the client; its no is passed on, and nobody comes in without its answer', async () => {
    const hooks = await startHooks({
      on_connect: ({ body }, response) => void response.end(`${body.tcUrl}`.includes('token=good') ? '0' : '1'),
    });
    const origin = await startSrs({ config: confOf(`http_hooks { enabled on; on_connect ${hooks.url}; }`) });
    const closed = await freePort();
    const edge = await startSrs({ config: edgeConf(`127.0.0.1:${closed} ${at(origin)}`, 'token_traverse on;') });
    await expect(record(`rtmp://127.0.0.1:${edge.port}/live?token=bad/x`)).rejects.toThrow('the origin refused');
    expect(hooks.calls.at(-1)?.body.tcUrl).toBe(`rtmp://127.0.0.1:${edge.port}/live?token=bad`);
    const player = await record(`rtmp://127.0.0.1:${edge.port}/live?token=good/x`);
    expect(player.closed()).toBe(false);

    const http = `http://127.0.0.1:${edge.ports.HTTP_PORT}/live/x`;
    for (const path of ['.flv', '.ts', '.m3u8']) {
      const answer = await fetch(`${http}${path}?token=bad`);
      expect([answer.status, await answer.text()], path).toEqual([403, expect.stringContaining('the origin refused')]);
    }
    expect(hooks.calls.at(-1)?.body.tcUrl).toBe('rtmp://127.0.0.1/live?token=bad');
    expect(edge.log() + origin.log()).not.toMatch(/token=(good|bad)/);

    await origin.stop();
    await expect(record(`rtmp://127.0.0.1:${edge.port}/live?token=good/x`)).rejects.toThrow('no origin can be reached');
    expect((await fetch(`${http}.flv?token=good`)).status).toBe(503);
  });
});

describe('reload', () => {
  test('another mode is refused with the reason; another origin is for new connections; linger counts at once', async () => {
    const [one, two] = await Promise.all([startSrs(), startSrs()]);
    const edge = await startSrs({ config: edgeConf(at(one)) });
    await Promise.all([goLive(one, 'a'), goLive(two, 'b'), goLive(edge, 'p')]);
    const player = await record(edge.url('live', 'a'));
    await player.until('frames', () => times(player.media(), 'video').length > 5);

    const refused = await reload(edge, (text) => text.replace('mode remote;', '').replace(/origin [^;]*;/, ''));
    expect(refused).toContain('"code":"RELOAD_REFUSED"');
    expect(refused).toContain(
      'vhost __defaultVhost__ cluster mode: remote → local: this cannot change while the server runs',
    );
    await reload(edge, (text) =>
      text
        .replace('vhost __default', `vhost more { mode remote; origin ${at(two)}; }\nvhost __default`)
        .replace(
          'vhost __defaultVhost__ {',
          `vhost __defaultVhost__ { mode remote; origin ${at(two)}; cluster { linger 0; }`,
        ),
    );
    const other = await record(edge.url('live', 'b'));
    await other.until('frames of the new origin', () => times(other.media(), 'video').length > 5);
    const seen = times(player.media(), 'video').length;
    await player.until('the first goes on', () => times(player.media(), 'video').length > seen + 5);
    expect(endsOf(one)).toBe(0);
    player.client.close();
    await until('the first origin is left', () => endsOf(one) === 1);
    const metrics = await (await fetch(`http://127.0.0.1:${edge.ports.API_PORT}/metrics`)).text();
    expect(metrics).toContain('srs_edge_streams{role="pull",state="live"} 1');
    expect(metrics).toContain('srs_edge_streams{role="push",state="live"} 1');
    expect(metrics).toContain('srs_edge_failures_total{role="pull"} 0');
    // So it is for a push that has to connect anew.
    await one.kill9();
    await until('the new origin has it', () => linesOf(two, 'publish started').some((line) => line.includes('live/p')));
  });
});

test('aggregates of an origin are taken apart (spec/rtmp.md §7.5)', async () => {
  const origin = await startDoor('plays an aggregate');
  const edge = await startSrs({ config: edgeConf(`127.0.0.1:${origin.port}`) });
  const player = await record(edge.url('live', 'x'));
  await player.until('all of it', () => player.media().length === 3);
  expect(player.media().map(({ kind, timestamp }) => [kind, timestamp])).toEqual([
    ['video', 1000],
    ['audio', 1005],
    ['video', 1040],
  ]);
});

test('HTTP-FLV alone starts a pull, and its end ends it', async () => {
  const { origin, edge } = await startPair('cluster { linger 0; }');
  await goLive(origin, 'x');
  const player = pullFlv(edge.ports.HTTP_PORT as number, '/live/x.flv');
  await until('tags', () => player.tags().length > 10);
  player.close();
  await until('the upstream is closed', () => endsOf(origin) === 1);
});
