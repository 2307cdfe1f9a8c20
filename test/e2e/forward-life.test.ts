import { describe, expect, test } from 'vitest';
import { apiOf } from '../support/api.js';
import { freePort } from '../support/free-port.js';
import { confOf, say, startHooks } from '../support/hook-server.js';
import { reload } from '../support/reload.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { isConfig, neverBack, publish, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const started = (srs: Srs): string[] =>
  [...srs.log().matchAll(/"stream":"([^"]+)","style":"fmle","msg":"publish started"/g)].map(([, key = '']) => key);
const ended = (srs: Srs): number => srs.log().match(/"msg":"publish ended"/g)?.length ?? 0;

/** Publishes in real time until the test is over, a key frame each second. */
async function goLive(srs: Srs, name: string): Promise<void> {
  feed(await publish(srs.url('live', name)), { frames: 100_000, pace: 40 }).catch(() => undefined);
}

describe('the publisher comes and goes', () => {
  test('republish × 20, clocks all over: one connection to the destination, every frame, time never back', async () => {
    const slave = await startSrs({ config: confOf('publish { normal_timeout 30000; }') });
    const master = await startSrs({ config: confOf(`publish { grace 5; } forward 127.0.0.1:${slave.port};`) });
    const url = master.url('live', 'again');
    const player = await record(slave.url('live', 'again'));
    for (let i = 0; i < 20; i++) {
      const publisher = await publish(url);
      await feed(publisher, { start: (i * 977_000_017) >>> 0, frames: 10 });
      await player.until(
        `frames of publish ${i}`,
        () => (['audio', 'video'] as const).every((kind) => times(player.media(), kind).length === (i + 1) * 10),
        20_000,
      );
      publisher.close();
    }
    expect(started(slave)).toHaveLength(1);
    for (const kind of ['audio', 'video'] as const) {
      expect(neverBack(times(player.media(), kind))).toBe(true);
      expect(times(player.media(), kind)).toHaveLength(200);
    }
    expect(player.messages.filter((m) => m.kind === 'video' && isConfig(m))).toHaveLength(20);
    await until('the end is told when the grace is over', () => ended(slave) === 1);
  });
});

describe('destinations change while live', () => {
  test('by reload: added, changed and removed, and the others notice nothing', async () => {
    const [one, two, three] = await Promise.all([startSrs(), startSrs(), startSrs()]);
    const block = (to: string) => `forward { enabled on; destination 127.0.0.1:${one.port}; ${to} }`;
    const master = await startSrs({ config: confOf(block('')) });
    await goLive(master, 'x');
    const player = await record(one.url('live', 'x'));
    const frames = () => times(player.media(), 'video');
    await player.until('frames', () => frames().length > 5);

    const add = (more: string) => reload(master, (text) => text.replace(/forward \{.*\}/, `${block(more)} }`));
    expect(await add(`destination rtmp://127.0.0.1:${two.port}/a/[stream];`)).toContain('1 change');
    await until('the second has it', () => started(two).length === 1);
    await add(`destination rtmp://127.0.0.1:${three.port}/a/[stream];`);
    await until(
      'the third has it, and the second is told the end',
      () => started(three).length === 1 && ended(two) === 1,
    );
    await add('');
    await until('the third is told the end', () => ended(three) === 1);
    expect(started(one)).toHaveLength(1);
    const seen = frames().length;
    await player.until('it goes on', () => frames().length > seen + 10);
    expect(frames().every((t, i, all) => i === 0 || t - (all[i - 1] ?? 0) === 40)).toBe(true);

    await reload(master, (text) => text.replace('forward { enabled on;', 'forward { enabled off;'));
    await until('the first is told the end', () => ended(one) === 1);
    await reload(master, (text) => text.replace('forward { enabled off;', 'forward { enabled on;'));
    await until('and gets it again', () => started(one).length === 2);
  });
});

describe('the API', () => {
  test('shows every destination, pauses, resumes, adds and removes', async () => {
    const [one, two] = await Promise.all([startSrs(), startSrs()]);
    const dead = await freePort();
    const api = 'http_api { enabled on; listen 127.0.0.1:API_PORT; write_token secret; }';
    const to = `127.0.0.1:${one.port} rtmp://127.0.0.1:${dead}/a/topsecret?token=alsosecret`;
    const master = await startSrs({ config: confOf(`forward { enabled on; destination ${to}; }`, api) });
    const ask = apiOf(master.ports.API_PORT, 'Bearer secret');
    const forwards = async () => (await ask('/api/v1/forwards')).body.forwards;
    await goLive(master, 'x');

    const [good, bad] = await until('one is live for a while, one is not', async () => {
      const list = await forwards();
      return list[0]?.state === 'live' && list[0].send_30s > 0 && (list[1]?.failures ?? 0) > 0 && list;
    });
    expect(good).toMatchObject({
      stream_url: '__defaultVhost__/live/x',
      to: `rtmp://127.0.0.1:${one.port}/live/x`,
      drops: 0,
      reconnects: 0,
      failures: 0,
      last_error: '',
    });
    expect(good?.send_bytes).toBeGreaterThan(100);
    expect(bad).toMatchObject({ to: `rtmp://127.0.0.1:${dead}/a/***?***`, send_bytes: 0, lag_ms: 0 });
    expect(bad?.last_error).toContain('ECONNREFUSED');
    expect(JSON.stringify((await ask('/api/v1/streams')).body)).not.toMatch(/topsecret|alsosecret/);
    expect((await ask('/api/v1/streams')).body.streams[0]?.forwards).toHaveLength(2);

    const post = (path: string, body?: object) =>
      ask(path, {
        method: 'POST',
        ...(body && { body: JSON.stringify(body) }),
        headers: { authorization: 'Bearer secret', ...(body && { 'content-type': 'application/json' }) },
      });
    expect((await post(`/api/v1/forwards/${good?.id}/pause`)).body.forward.state).toBe('paused');
    await until('the destination is told the end', () => ended(one) === 1);
    // A republish and a reload do not wake it.
    await goLive(master, 'x');
    await reload(master, (text) => text.replace('forward {', 'gop_cache_max_frames 100; forward {'));
    expect((await forwards())[0]).toMatchObject({ id: good?.id, state: 'paused', send_30s: expect.any(Number) });
    expect(started(one)).toHaveLength(1);
    await post(`/api/v1/forwards/${good?.id}/resume`);
    await until('it goes on', async () => started(one).length === 2 && (await forwards())[0]?.state === 'live');
    expect((await forwards())[0]?.reconnects).toBe(1);

    const more = { stream: '__defaultVhost__/live/x', destination: `rtmp://127.0.0.1:${two.port}/b/[stream]` };
    const added = (await post('/api/v1/forwards', more)).body.forward;
    expect((await post('/api/v1/forwards', more)).body.forward.id).toBe(added.id);
    await until('the new one has it', () => started(two).includes('__defaultVhost__/b/x'));
    for (const id of [added.id, good?.id, bad?.id])
      expect((await ask(`/api/v1/forwards/${id}`, { method: 'DELETE' })).status).toBe(200);
    await until('both are told the end', () => ended(two) === 1 && ended(one) === 2);
    expect(await forwards()).toEqual([]);
    expect(master.log()).not.toMatch(/topsecret|alsosecret/);
  });
});

describe('forward { backend }', () => {
  test('a web service chooses at each publish; a failure is no destination and is asked again', async () => {
    const slave = await startSrs();
    const to = (name: string) =>
      JSON.stringify({ code: 0, data: { urls: [`rtmp://127.0.0.1:${slave.port}/a/${name}`, 'a b'] } });
    const hooks = await startHooks({ on_forward: say('{}', 500) });
    const backend = `forward { enabled on; backend ${hooks.url}/targets; }`;
    const master = await startSrs({ config: confOf(`http_hooks { hook_secret s; } ${backend}`) });
    const first = await publish(`${master.url('live', 'b')}?token=1`);
    await until('it is asked again', () => hooks.of('on_forward').length >= 2);
    expect(started(slave)).toEqual([]);
    hooks.behaviour.on_forward = say(to('first'));
    await until('the slave has it', () => started(slave).includes('__defaultVhost__/a/first'));
    expect(hooks.calls[0]?.url).toBe('/targets');
    expect(hooks.calls[0]?.headers['x-srs-signature']).toMatch(/^[0-9a-f]{64}$/);
    expect(hooks.of('on_forward')[0]?.body).toMatchObject({
      action: 'on_forward',
      ip: '127.0.0.1',
      vhost: '__defaultVhost__',
      app: 'live',
      stream: 'b',
      param: '?token=1',
      tcUrl: `rtmp://127.0.0.1:${master.port}/live`,
    });
    await until('the log tells of the other one', () => master.log().includes('not every destination can be used'));

    // Another publish, another answer: what it does not name any more is told the end.
    hooks.behaviour.on_forward = say(to('second'));
    first.close();
    const second = await publish(master.url('live', 'b'));
    await until('the other has it', () => started(slave).includes('__defaultVhost__/a/second'));
    await until('the first has ended', () => ended(slave) === 1);

    // A service that never answers holds nobody up (reliability R2).
    hooks.behaviour.on_forward = () => undefined;
    second.close();
    const before = performance.now();
    const third = await publish(master.url('live', 'b'));
    await feed(third, { frames: 5 });
    const player = await record(master.url('live', 'b'));
    await player.until('frames', () => times(player.media(), 'video').length === 5);
    expect(performance.now() - before).toBeLessThan(4000);
    expect((await master.stop()).code).toBe(0);
  });

  test('dynamic_destinations public: what the service names does not lead to this machine, what the file names may', async () => {
    const slave = await startSrs();
    const urls = ['127.0.0.1', 'localhost', '2130706433', '[::1]'].map(
      (host) => `rtmp://${host}:${slave.port}/a/${host.length}`,
    );
    const hooks = await startHooks({ on_forward: say(JSON.stringify({ code: 0, data: { urls } })) });
    const block = `forward { enabled on; dynamic_destinations public; destination 127.0.0.1:${slave.port}; backend ${hooks.url}; }`;
    const master = await startSrs({ config: confOf(block) });
    await goLive(master, 'p');
    await until('all four are refused', () => master.log().split('or of a private network').length > 4);
    await until('that of the file is live', () => started(slave).length === 1);
    expect(started(slave)).toEqual(['__defaultVhost__/live/p']);
    await reload(master, (text) => text.replace('dynamic_destinations public', 'dynamic_destinations any'));
    await until('then they may', () => started(slave).includes('__defaultVhost__/a/9'), 20_000);
  });
});

test('64 destinations of a backend are used, and 100 is the most that a stream has', async () => {
  const nobody = await freePort();
  const to = (name: string) => `rtmp://127.0.0.1:${nobody}/a/${name}`;
  const urls = Array.from({ length: 70 }, (_, i) => to(`b${i}`));
  const hooks = await startHooks({ on_forward: say(JSON.stringify({ code: 0, data: { urls } })) });
  const master = await startSrs({
    config: confOf(
      `forward { enabled on; backend ${hooks.url}/targets; }`,
      'http_api { enabled on; listen 127.0.0.1:API_PORT; write_token w; }',
    ),
  });
  const publisher = await publish(master.url('live', 's'));
  const ask = apiOf(master.ports.API_PORT, 'Bearer w');
  const forwards = async () => (await ask('/api/v1/forwards?count=1000')).body.forwards.length;
  await until('the answer is there', async () => (await forwards()) > 0);
  expect(await forwards()).toBe(64);
  await until('the log tells of the rest', () => master.log().includes('"ignored":6'));
  const stream = (await ask('/api/v1/streams')).body.streams[0]?.id;
  const add = (name: string) =>
    ask('/api/v1/forwards', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ stream, destination: to(name) }),
    });
  for (let i = 64; i < 100; i++) expect((await add(`a${i}`)).status).toBe(200);
  expect(await add('more')).toMatchObject({ status: 422, body: { code: 'FORWARD_REFUSED' } });
  expect(await forwards()).toBe(100);
  publisher.close();
});
