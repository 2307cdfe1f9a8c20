import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { freePort } from '../support/free-port.js';
import { confOf } from '../support/hook-server.js';
import { reload } from '../support/reload.js';
import { until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { neverBack, publish, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';
import { startTlsFront } from '../support/tls-front.js';

const dir = mkdtempSync(join(tmpdir(), 'srs-forward-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Publishes in real time until the test is over. */
async function goLive(srs: Srs, name: string): Promise<{ evicted(): boolean; stop(): void }> {
  let evicted = false;
  const client = await publish(srs.url('live', name), { onStatus: (code) => (evicted ||= code.endsWith('BadName')) });
  const feeding = feed(client, { frames: 100_000, pace: 40 });
  feeding.catch(() => undefined);
  return { evicted: () => evicted, stop: () => client.finish() };
}

/** What came to be live on a server, by its log. */
const published = (srs: Srs): string[] =>
  [...srs.log().matchAll(/"stream":"([^"]+)","style":"fmle","msg":"publish started"/g)].map(([, key = '']) => key);

describe('destinations as whole URLs', () => {
  test('rtmps with SNI: a certificate that nobody trusts or of another name is refused, one of ca_file is fine', async () => {
    const slave = await startSrs();
    const good = await makeCertificate(join(dir, 'good'));
    const alien = await makeCertificate(join(dir, 'alien'), 'other.example', 30, 'DNS:other.example');
    const front = await startTlsFront(slave.port, good);
    const wrong = await startTlsFront(slave.port, alien);
    const forward = (more: string) => `forward { enabled on; ${more}
      destination rtmps://localhost:${front.port}/relay/topsecret42;
      destination rtmps://127.0.0.1:${front.port}/[app]/[stream]-ip?token=alsosecret;
      destination rtmps://localhost:${wrong.port}/relay/wrong; }`;
    const master = await startSrs({ config: confOf(forward('')) });
    await goLive(master, 'tls');
    await until('nobody is trusted', () => master.log().split('self-signed certificate').length > 3);
    expect(front.names).toEqual([]);

    const both = readFileSync(good.cert, 'utf8') + readFileSync(alien.cert, 'utf8');
    const file = join(dir, 'ca.crt');
    writeFileSync(file, both);
    await reload(master, (text) => text.replace('forward { enabled on;', `forward { enabled on; ca_file ${file};`));
    await until('two are live', () => published(slave).length === 2, 20_000);
    expect(published(slave).sort()).toEqual(['__defaultVhost__/live/tls-ip', '__defaultVhost__/relay/topsecret42']);
    // RFC 6066: an address is not sent as a name.
    expect([...front.names].sort()).toEqual(['', 'localhost']);
    await until('the other name is refused', () => /does not match certificate's altnames/.test(master.log()), 20_000);
    const player = await record(slave.url('relay', 'topsecret42'));
    await player.until('frames over TLS', () => times(player.media(), 'video').length > 20);
    expect(neverBack(times(player.media(), 'video'))).toBe(true);
    for (const secret of ['topsecret42', 'alsosecret']) expect(master.log()).not.toContain(secret);
    expect(master.log()).toContain(`"to":"rtmps://localhost:${front.port}/relay/***"`);
    expect((await master.stop()).code).toBe(0);
  });

  test('NODE_EXTRA_CA_CERTS, and conf/restream.conf with several platforms', async () => {
    const slave = await startSrs();
    const pair = await makeCertificate(join(dir, 'extra'));
    const front = await startTlsFront(slave.port, pair);
    const config = readFileSync(join(import.meta.dirname, '../../conf/restream.conf'), 'utf8')
      .replace('listen 1935;', 'listen PORT;')
      .replace('rtmps://ingest.example.com', `rtmps://localhost:${front.port}`)
      .replaceAll(/(live|backup)\.example\.com/g, `127.0.0.1:${slave.port}`);
    const master = await startSrs({ config, env: { NODE_EXTRA_CA_CERTS: pair.cert } });
    await goLive(master, 'show');
    await until('all three are live', () => published(slave).length === 3);
    expect(published(slave).sort()).toEqual([
      '__defaultVhost__/app/YOUR-OTHER-KEY',
      '__defaultVhost__/live/show-copy',
      '__defaultVhost__/live2/YOUR-KEY',
    ]);
    expect(master.log()).not.toMatch(/YOUR-(OTHER-)?KEY/);
  });
});

test('two streams to one URL: the first keeps it, the second follows when it has ended', async () => {
  const slave = await startSrs();
  const to = `rtmp://127.0.0.1:${slave.port}/a/only`;
  const srs = await startSrs({ config: confOf(`publish { grace 0; } forward { enabled on; destination ${to}; }`) });
  const first = await goLive(srs, 'first');
  await until('the first is there', () => published(slave).length === 1);
  await goLive(srs, 'second');
  await until('the second is told', () => srs.log().includes('the stream __defaultVhost__/live/first is pushed there'));
  const player = await record(slave.url('a', 'only'));
  await player.until('frames', () => times(player.media(), 'video').length > 25);
  expect(published(slave)).toHaveLength(1);
  first.stop();
  await until('the second is there', () => published(slave).length === 2, 20_000);
});

describe('circles', () => {
  test('to itself: left out, said once, and the stream is fine', async () => {
    const port = await freePort();
    const srs = await startSrs({
      config: confOf(`forward 127.0.0.1:${port} localhost:${port};`),
      ports: { PORT: port },
    });
    const source = await goLive(srs, 'self');
    const player = await record(srs.url('live', 'self'));
    await player.until('frames', () => times(player.media(), 'video').length > 50);
    expect(srs.log().match(/"why":"it leads back to the stream itself","msg":"forward is left out"/g)).toHaveLength(2);
    expect(source.evicted()).toBe(false);
    expect(published(srs)).toHaveLength(1);
  });

  test('two servers that forward to each other: either takes the encoder, and none throws it out', async () => {
    const ports = [await freePort(), await freePort()] as const;
    const config = (to: number) => confOf(`publish { grace 1; } forward 127.0.0.1:${to};`);
    const a = await startSrs({ config: config(ports[1]), ports: { PORT: ports[0] } });
    const b = await startSrs({ config: config(ports[0]), ports: { PORT: ports[1] } });
    const first = await goLive(a, 'pair');
    await until('b has it', () => published(b).length === 1);
    await until('b is told that it is a circle', () => b.log().includes('it is relayed in a circle'));
    const player = await record(b.url('live', 'pair'));
    await player.until('frames on b', () => times(player.media(), 'video').length > 50);
    expect(first.evicted()).toBe(false);
    expect(published(a)).toHaveLength(1);
    expect(published(b)).toHaveLength(1);

    first.stop();
    await until(
      'it has ended everywhere',
      () => a.log().includes('forward ended') && b.log().includes('forward ended'),
    );
    const second = await goLive(b, 'pair');
    await until('a has it', () => published(a).length === 2);
    const other = await record(a.url('live', 'pair'));
    await other.until('frames on a', () => times(other.media(), 'video').length > 50);
    expect(second.evicted()).toBe(false);
  });
});
