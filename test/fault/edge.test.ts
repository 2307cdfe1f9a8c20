import { describe, expect, onTestFinished, test } from 'vitest';
import { decodeComplaints } from '../support/decode.js';
import { edgeConf, edgesOf, linesOf, startPair } from '../support/edge.js';
import { freePort } from '../support/free-port.js';
import { confOf } from '../support/hook-server.js';
import { clip } from '../support/media.js';
import { startNginxRtmp } from '../support/nginx.js';
import { withPeers } from '../support/peers.js';
import { pullFlv } from '../support/pull-flv.js';
import { startDoor } from '../support/rtmp-door.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { isConfig, neverBack, publish, pushFile, type Recording, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const at = (...servers: Srs[]): string => servers.map(({ port }) => `127.0.0.1:${port}`).join(' ');
const playsOf = (origin: Srs): number => linesOf(origin, 'play started').length;

/** Publishes in real time until the test is over or the server is, a key frame each second. */
async function goLive(srs: Srs, name: string) {
  const client = await publish(srs.url('live', name));
  feed(client, { frames: 100_000, pace: 40 }).catch(() => undefined);
  onTestFinished(() => client.close());
  return client;
}

const frames = (player: Recording): number[] => times(player.media(), 'video');
const goesOn = async (player: Recording, within = 20_000): Promise<void> => {
  const seen = frames(player).length;
  await player.until('it goes on', () => frames(player).length > seen + 10, within);
};

describe('an origin that is lost while players watch (R4, R15)', () => {
  test('killed and started again: players of every protocol play on, with one discontinuity', async () => {
    const { origin, edge } = await startPair();
    await goLive(origin, 'x');
    const player = await record(edge.url('live', 'x'));
    const flv = pullFlv(edge.ports.HTTP_PORT as number, '/live/x.flv');
    const playlist = async () => (await fetch(`http://127.0.0.1:${edge.ports.HTTP_PORT}/live/x.m3u8`)).text();
    const before = await playlist();
    expect(before).toContain('#EXTINF');
    await goesOn(player);

    await origin.kill9();
    await until('the loss is noticed', () => linesOf(edge, 'edge pull failed, it will be tried again').length > 0);
    const second = await startSrs({ ports: { PORT: origin.port } });
    await goLive(second, 'x');
    await goesOn(player);
    const tags = flv.tags().length;
    await until('HTTP-FLV goes on', () => flv.tags().length > tags + 10);
    expect([player.closed(), flv.ended()]).toEqual([false, false]);
    expect(neverBack(frames(player))).toBe(true);
    expect(player.messages.filter((m) => m.kind === 'video' && isConfig(m))).toHaveLength(2);
    const after = await until('HLS goes on', async () => {
      const text = await playlist();
      return text.split('#EXT-X-DISCONTINUITY\n')[1]?.includes('#EXTINF') && text;
    });
    expect(after.split('#EXT-X-DISCONTINUITY\n')).toHaveLength(2);
    expect(linesOf(edge, 'play ended')).toEqual([]);
    expect(await edgesOf(edge)).toMatchObject([{ state: 'live', reconnects: 1 }]);
  });

  test('a second origin takes over, when the first is killed and when it is frozen', async () => {
    const [one, two] = await Promise.all([startSrs(), startSrs()]);
    const edge = await startSrs({ config: edgeConf(at(one, two), 'publish { normal_timeout 1000; }') });
    await goLive(one, 'x');
    await goLive(two, 'x');
    const player = await record(edge.url('live', 'x'));
    await goesOn(player);
    expect([playsOf(one), playsOf(two)]).toEqual([1, 0]);
    one.signal('SIGSTOP');
    onTestFinished(() => one.signal('SIGCONT'));
    await until('the second is asked', () => playsOf(two) === 1);
    await goesOn(player);
    const [failed] = linesOf(edge, 'edge pull failed, it will be tried again');
    expect(failed).toContain('"code":"TIMEOUT"');
    expect(failed).toContain('"retryMs":0');

    // A newcomer's stream asks the frozen one first, and waits no longer than a step may take.
    await goLive(two, 'y');
    const other = await record(edge.url('live', 'y'));
    await goesOn(other);
    one.signal('SIGCONT');
    await goLive(one, 'x');
    await two.kill9();
    await goesOn(player);
    expect(neverBack(frames(player))).toBe(true);
    expect(player.closed()).toBe(false);
  });

  test('origins that are no good are not stormed', async () => {
    const doors = [await startDoor('hangs up'), await startDoor('hangs up')];
    const edge = await startSrs({ config: edgeConf(doors.map(({ port }) => `127.0.0.1:${port}`).join(' ')) });
    await record(edge.url('live', 'x'));
    const start = performance.now();
    await until('several rounds', () => (doors[0]?.connects.length ?? 0) >= 4, 20_000);
    // Rounds at 0, 0.5, 1.5, 3.5 s, give or take a quarter.
    expect(performance.now() - start).toBeGreaterThan(2400);
    expect(linesOf(edge, 'edge pull failed, it will be tried again').length).toBeLessThan(5);
    expect((await edge.stop()).code).toBe(0);
  });
});

describe('circles', () => {
  test('two edges that are the origins of each other, and one that is its own: refused, and nothing storms', async () => {
    const [a, b] = [await freePort(), await freePort()];
    const self = `vhost self { mode remote; origin 127.0.0.1:${b}; }`;
    const [one, two] = await Promise.all([
      startSrs({ config: edgeConf(`127.0.0.1:${b}`), ports: { PORT: a } }),
      startSrs({ config: `${edgeConf(`127.0.0.1:${a}`)} ${self}`, ports: { PORT: b } }),
    ]);
    const player = await record(one.url('live', 'x'));
    await until('the second is told that it is a circle', () => two.log().includes('it is relayed in a circle'));
    await expect(publish(one.url('live', 'p'))).rejects.toThrow('it is relayed in a circle');
    const own = await record(`rtmp://127.0.0.1:${b}/live?vhost=self/x`);
    await until('the third is told', () => two.log().includes('the origin is this server itself'));
    await expect(publish(`rtmp://127.0.0.1:${b}/live?vhost=self/x`)).rejects.toThrow(
      'it leads back to the stream itself',
    );
    expect([player.closed(), own.closed()]).toEqual([false, false]);
    expect(linesOf(one, 'client connected').length).toBeLessThan(8);
    // Both play on in vain, and leave when nobody wants it.
    player.client.close();
    await until(
      'both have ended',
      () => linesOf(one, 'edge pull ended').length > 0 && linesOf(two, 'edge pull ended').length > 0,
    );
  });
});

describe('push', () => {
  test('an origin that restarts: the encoder stays, and the stream goes on there at a key frame', async () => {
    const { origin, edge } = await startPair();
    const encoder = await goLive(edge, 'p');
    const player = await record(edge.url('live', 'p'));
    const atOrigin = await record(origin.url('live', 'p'));
    await goesOn(atOrigin);
    await origin.kill9();
    await until('the loss is noticed', () => linesOf(edge, 'edge push failed, it will be tried again').length > 0);
    const second = await startSrs({ ports: { PORT: origin.port } });
    const again = await record(second.url('live', 'p'));
    await goesOn(again);
    const [first] = again.media().filter(({ kind }) => kind === 'video');
    expect(first?.payload[0]).toBe(0x17);
    await goesOn(player);
    expect(frames(player).every((t, i, all) => i === 0 || t - (all[i - 1] ?? 0) === 40)).toBe(true);
    expect(encoder.writable).toBe(true);
    expect(await edgesOf(edge)).toMatchObject([{ role: 'push', state: 'live', reconnects: 1 }]);
    expect(linesOf(edge, 'publish ended')).toEqual([]);
  });

  test('an origin that does not come back: the encoder is told, and not let in again', async () => {
    const { origin, edge } = await startPair('publish { grace 1; }');
    const encoder = await goLive(edge, 'p');
    await until('it is at the origin', () => linesOf(origin, 'publish started').length === 1);
    await origin.kill9();
    await until('the encoder is closed', () => !encoder.writable);
    expect(linesOf(edge, 'publish ended')[0]).toContain('no origin takes the stream');
    await expect(publish(edge.url('live', 'p'))).rejects.toThrow('no origin can be reached');
    // With an origin it may.
    const second = await startSrs({ ports: { PORT: origin.port } });
    await goLive(edge, 'p');
    await until('the new one has it', () => linesOf(second, 'publish started').length === 1);
  });

  test('origins that are frozen or shut: the encoder has its answer in bounded time, and an origin that lives gets it', async () => {
    const [frozen, good] = await Promise.all([startSrs(), startSrs()]);
    const edge = await startSrs({
      config: `${edgeConf(at(frozen, good))} vhost dead { mode remote; origin ${at(frozen)}; }`,
    });
    frozen.signal('SIGSTOP');
    onTestFinished(() => frozen.signal('SIGCONT'));
    const start = performance.now();
    const [refused] = await Promise.allSettled([
      publish(edge.url('live', 'x?vhost=dead'), { timeout: 20_000 as never }),
      goLive(edge, 'x'),
    ]);
    expect(String(refused.status === 'rejected' && refused.reason)).toContain('no origin can be reached');
    expect(performance.now() - start).toBeLessThan(11_000);
    await until('the good one has it', () => linesOf(good, 'publish started').length === 1);
  });
});

withPeers('ffmpeg', 'nginx-rtmp')('nginx as the origin', () => {
  test('pulled from and pushed to, over a restart of nginx: it plays without a decode error', async () => {
    const nginx = await startNginxRtmp();
    const edge = await startSrs({ config: edgeConf(`127.0.0.1:${nginx.port}`) });
    const file = await clip();
    pushFile(file, nginx.url('up'));
    pushFile(file, edge.url('live', 'down'));
    const player = await record(edge.url('live', 'up'));
    await goesOn(player);
    const [up, down] = await Promise.all([
      decodeComplaints(edge.url('live', 'up'), 3),
      decodeComplaints(nginx.url('down'), 3),
    ]);
    expect([up, down]).toEqual([[], []]);

    await nginx.process.stop(0);
    await until('the loss is noticed', () => linesOf(edge, 'edge push failed, it will be tried again').length > 0);
    const second = await startNginxRtmp('live', nginx.port);
    pushFile(file, second.url('up'));
    await goesOn(player);
    expect(await decodeComplaints(second.url('down'), 2)).toEqual([]);
    expect(player.closed()).toBe(false);
  });
});

test('the edge itself stops while origins are frozen and players wait', async () => {
  const { origin, edge } = await startPair('', confOf(''));
  await goLive(origin, 'x');
  await goesOn(await record(edge.url('live', 'x')));
  origin.signal('SIGSTOP');
  onTestFinished(() => origin.signal('SIGCONT'));
  await record(edge.url('live', 'y'));
  expect((await edge.stop()).code).toBe(0);
});
