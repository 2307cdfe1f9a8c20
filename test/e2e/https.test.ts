import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { FlvReader } from '../../src/protocol/flv/index.js';
import { type CertificatePair, makeCertificate } from '../support/certificate.js';
import { decodeComplaints } from '../support/decode.js';
import { probe } from '../support/ffprobe.js';
import { clip } from '../support/media.js';
import { withPeers } from '../support/peers.js';
import { reload, signalled } from '../support/reload.js';
import { rss } from '../support/rss.js';
import { background, run, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { publish, pushFile, record, times } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

const tls = (port: string) => `enabled on; listen ${port}; key DIR/server.key; cert DIR/server.crt;`;
const config = `
listen PORT;
pid DIR/srs.pid;
srs_log_tank console;
max_connections 400;
rtmps { ${tls('RTMPS_PORT')} }
http_server { enabled on; listen HTTP_PORT; dir DIR; https { ${tls('HTTPS_PORT')} } }
http_api { enabled on; listen 127.0.0.1:API_PORT; https { ${tls('127.0.0.1:APIS_PORT')} } }
vhost __defaultVhost__ {
  queue_length 10;
  http_remux { enabled on; wait 0; }
  hls { enabled on; hls_fragment 1; hls_window 5; }
  publish { grace 1; normal_timeout 30000; }
}
`;

withPeers(
  'ffmpeg',
  'openssl',
  'curl',
)('HTTPS and RTMPS', () => {
  let srs: Srs;
  let dir: string;
  const pairs: Record<'first' | 'second', CertificatePair> = {} as never;
  const https = (path: string, scheme = 'https') => `${scheme}://127.0.0.1:${srs.ports.HTTPS_PORT}${path}`;
  const rtmps = (name: string) => `rtmps://127.0.0.1:${srs.ports.RTMPS_PORT}/live/${name}`;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'srs-tls-'));
    pairs.first = await makeCertificate(join(dir, 'first'), 'first');
    pairs.second = await makeCertificate(join(dir, 'second'), 'second');
    install('first');
    srs = await startSrs({ config, dir });
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const install = (name: 'first' | 'second') => {
    copyFileSync(pairs[name].key, join(dir, 'server.key'));
    copyFileSync(pairs[name].cert, join(dir, 'server.crt'));
  };
  const ca = () => readFileSync(join(dir, 'server.crt'));

  /** A raw connection after its handshake. */
  const open = (port = srs.ports.HTTPS_PORT as number): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => resolve(socket));
      socket.once('error', reject);
    });
  const nameOf = async (port?: number): Promise<string> => {
    const socket = await open(port);
    const name = socket.getPeerCertificate().subject.CN;
    socket.destroy();
    return String(name);
  };
  /** HTTP/1.0, so the body is plain FLV. */
  const view = async (name: string) => {
    const socket = await open();
    let raw = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => (raw = Buffer.concat([raw, bytes])));
    socket.write(`GET /live/${name}.flv HTTP/1.0\r\n\r\n`);
    const frames = () =>
      raw.includes('\r\n\r\n')
        ? new FlvReader()
            .push(raw.subarray(raw.indexOf('\r\n\r\n') + 4))
            .filter((t) => t.type === 9 && t.payload[1] !== 0)
            .map((t) => t.timestamp)
        : [];
    await until('the head', () => raw.includes('\r\n\r\n'));
    return { socket, frames };
  };

  test('ffmpeg pushes and plays rtmps; curl, ffprobe and ffmpeg pull FLV and HLS over https; the API answers', {
    timeout: 90_000,
  }, async () => {
    pushFile(await clip({ seconds: 12 }), rtmps('real'));
    await until('it publishes', () => /publish started/.test(srs.log()), 20_000);
    const [played, pulled] = await Promise.all([
      probe(rtmps('real'), 2),
      run('curl', [
        '-sS',
        '--cacert',
        join(dir, 'server.crt'),
        '-m',
        '3',
        '-o',
        '-',
        '-w',
        '',
        https('/live/real.flv'),
      ]),
      until('a playlist', async () => /EXTINF/.test(await curl(https('/live/real.m3u8'))), 20_000),
    ]);
    expect(played.streams).toEqual(expect.arrayContaining(['audio:aac', 'video:h264']));
    expect(pulled.stdout.startsWith('FLV')).toBe(true);
    expect((await probe(https('/live/real.flv'), 2)).streams.toSorted()).toEqual(['audio:aac', 'video:h264']);
    expect((await probe(https('/live/real.m3u8'), 2)).streams.toSorted()).toEqual(['audio:aac', 'video:h264']);
    expect(await decodeComplaints(https('/live/real.flv'), 3)).toEqual([]);
    const api = await curl(`https://127.0.0.1:${srs.ports.APIS_PORT}/api/v1/streams`);
    expect(JSON.parse(api).streams[0].name).toBe('real');
  });

  const curl = async (url: string): Promise<string> =>
    (await run('curl', ['-sS', '-f', '--cacert', join(dir, 'server.crt'), '-m', '10', url])).stdout;

  test('wss plays and publishes; our client speaks rtmps; all frames, whole tags', async () => {
    const publisher = await publish(rtmps('wss'), { tls: { ca: ca() } });
    const socket = new WebSocket(https('/live/wss.flv', 'wss'), { ca: ca() });
    const messages: Buffer[] = [];
    socket.on('message', (bytes: Buffer) => messages.push(bytes));
    await new Promise((open) => socket.once('open', open));
    const player = await record(rtmps('wss'), { tls: { ca: ca() } });
    await feed(publisher, { frames: 40, bytes: 70_000 });
    const frames = () =>
      new FlvReader().push(Buffer.concat(messages)).filter((t) => t.type === 9 && t.payload[1] !== 0);
    await until('all frames', () => frames().length === 40);
    await player.until('all by RTMPS', () => times(player.media(), 'video').length === 40);
    expect(frames().map((t) => t.timestamp)).toEqual(times(player.media(), 'video'));

    const pushed = new WebSocket(https('/live/pushed.flv?publish', 'wss'), { ca: ca() });
    await new Promise((done) => pushed.once('open', done));
    pushed.send(Buffer.concat(messages));
    const copy = await view('pushed');
    await until('what was pushed', () => copy.frames().length > 0);
    for (const one of [socket, pushed]) one.close();
    copy.socket.destroy();
    player.client.close();
    publisher.close();
  });

  test('a new certificate on SIGHUP: new connections see it, an old viewer plays on; a broken one changes nothing', async () => {
    const publisher = await publish(rtmps('renewed'), { tls: { ca: ca() } });
    const viewer = await view('renewed');
    await feed(publisher, { frames: 10 });
    await until('it plays', () => viewer.frames().length === 10);

    install('second');
    expect(await signalled(srs)).toMatch(/new TLS certificate/);
    for (const port of ['HTTPS_PORT', 'RTMPS_PORT', 'APIS_PORT']) expect(await nameOf(srs.ports[port])).toBe('second');

    copyFileSync(pairs.first.key, join(dir, 'server.key'));
    expect(await signalled(srs)).toMatch(/server\.key is not the private key of the certificate in .*reload failed/);
    writeFileSync(join(dir, 'server.crt'), 'nonsense');
    expect(await signalled(srs)).toMatch(/server\.crt holds no certificate in PEM/);
    rmSync(join(dir, 'server.crt'));
    expect(await signalled(srs)).toMatch(/server\.crt cannot be read: there is no such file or directory/);
    expect(await nameOf()).toBe('second');

    await feed(publisher, { start: 400, frames: 10 });
    await until('it plays on', () => viewer.frames().length === 20);
    expect(viewer.socket.getPeerCertificate().subject.CN).toBe('first');
    install('first');
    expect(await signalled(srs)).toMatch(/new TLS certificate/);
    viewer.socket.destroy();
    publisher.close();
  });

  test('TLS goes on and off by reload, in both directions, under a live stream', async () => {
    const publisher = await publish(srs.url('live', 'both'));
    const viewer = await view('both');
    const encoder = await publish(rtmps('encoder'), { tls: { ca: ca() } });
    const listens = (port: string) =>
      new Promise<boolean>((resolve) => {
        const socket = connectTcp(srs.ports[port] as number, '127.0.0.1', () => socket.destroy());
        socket.once('error', () => resolve(false)).once('close', () => resolve(true));
      });
    await feed(publisher, { frames: 10 });
    await until('it plays', () => viewer.frames().length === 10);
    const changed = await reload(srs, (text) => text.replaceAll(/(rtmps|https) \{ enabled on/g, '$1 { enabled off'));
    expect(changed).toMatch(/rtmps enabled: on → off/);
    await until('all are closed', async () => {
      for (const port of ['RTMPS_PORT', 'HTTPS_PORT', 'APIS_PORT']) if (await listens(port)) return false;
      return true;
    });
    await feed(publisher, { start: 400, frames: 10 });
    await until('the viewer over TLS plays on', () => viewer.frames().length === 20);
    expect(encoder.writable).toBe(true);
    await reload(srs, (text) => text.replaceAll(/(rtmps|https) \{ enabled off/g, '$1 { enabled on'));
    for (const port of ['RTMPS_PORT', 'HTTPS_PORT', 'APIS_PORT']) expect(await nameOf(srs.ports[port])).toBe('first');
    viewer.socket.destroy();
    encoder.close();
    publisher.close();
  });

  test('a handshake that drips, plain HTTP, TLS 1.1: each closes alone, in seconds', async () => {
    const publisher = await publish(rtmps('calm'), { tls: { ca: ca() } });
    const viewer = await view('calm');
    const since = Date.now();
    // A record header and the start of a ClientHello, a byte at a time.
    const hello = Buffer.concat([Buffer.from('1603010200010001fc0303', 'hex'), Buffer.alloc(500)]);
    let dripped = 0;
    const drips = Array.from({ length: 50 }, (_, i) => {
      const port = i % 2 === 0 ? 'HTTPS_PORT' : 'RTMPS_PORT';
      const socket = connectTcp(srs.ports[port] as number, '127.0.0.1').on('error', () => undefined);
      let at = 0;
      const timer = setInterval(() => socket.write(hello.subarray(at, ++at)), 100);
      socket.on('close', () => {
        clearInterval(timer);
        dripped++;
      });
      return socket;
    });
    let plain = false;
    connectTcp(srs.ports.HTTPS_PORT as number, '127.0.0.1')
      .on('error', () => undefined)
      .on('close', () => (plain = true))
      .write('GET / HTTP/1.1\r\n\r\n');
    await until('plain HTTP is closed', () => plain);
    const weak = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const old = new Promise((resolve) =>
      connect({ port: srs.ports.HTTPS_PORT as number, host: '127.0.0.1', ...weak })
        .on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
        .on('secureConnect', () => resolve('a handshake')),
    );
    expect(await old).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
    await feed(publisher, { frames: 100, pace: 40 });
    await until('the viewer lost nothing', () => viewer.frames().length === 100);
    // After 5 s; what they drip would last for 50 s.
    await until('all that drip are closed', () => dripped === drips.length);
    expect(Date.now() - since).toBeLessThan(20_000);
    viewer.socket.destroy();
    publisher.close();
  });

  test('40 viewers over TLS that never read: a reader loses nothing, memory stays, they are noticed', {
    timeout: 90_000,
  }, async () => {
    const publisher = await publish(srs.url('live', 'deaf'));
    const good = await view('deaf');
    await feed(publisher, { frames: 10 });
    const deaf = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const socket = await open();
        socket.pause().on('error', () => undefined);
        socket.write('GET /live/deaf.flv HTTP/1.1\r\nHost: a\r\n\r\n');
        return socket;
      }),
    );
    const before = rss(srs.pid);
    await feed(publisher, { start: 400, frames: 700, bytes: 16_000, pace: 4 });
    await until('every frame', () => good.frames().length === 710, 30_000);
    expect(rss(srs.pid) - before).toBeLessThan(60);
    await until('they are known to be behind', async () => {
      const { clients } = JSON.parse(
        await curl(`https://127.0.0.1:${srs.ports.APIS_PORT}/api/v1/clients?count=1000`),
      ) as { clients: Array<{ type: string; drops: number; lag_ms: number }> };
      const players = clients.filter(({ type }) => type === 'Play');
      return players.filter(({ drops, lag_ms }) => drops > 0 || lag_ms > 5000).length >= 40;
    });
    good.socket.destroy();
    for (const socket of deaf) socket.destroy();
    publisher.close();
  });

  test('max_connections counts connections over TLS, those in their handshake too', async () => {
    const full = await startSrs({
      dir: mkdtempSync(join(dir, 'full-')),
      config: config.replaceAll('DIR/server', join(dir, 'server')).replace('max_connections 400', 'max_connections 3'),
    });
    const half = [1, 2].map(() =>
      connectTcp(full.ports.RTMPS_PORT as number, '127.0.0.1').on('error', () => undefined),
    );
    const publisher = await publish(full.url('live', 'third'));
    await expect(open(full.ports.HTTPS_PORT)).rejects.toThrow();
    await until('the log says why', () => full.log().includes('max_connections is reached'));
    for (const socket of half) socket.destroy();
    await until('their places are free', () =>
      open(full.ports.HTTPS_PORT).then(
        (socket) => !!socket.destroy(),
        () => false,
      ),
    );
    publisher.close();
    expect((await full.stop()).code).toBe(0);
  });

  test('behind a proxy that tells the client with the PROXY protocol', async () => {
    const behind = await startSrs({
      dir: mkdtempSync(join(dir, 'behind-')),
      config: `proxy_protocol on; trusted_proxies 127.0.0.1;${config.replaceAll('DIR/server', join(dir, 'server'))}`,
    });
    const publisher = await publish(behind.url('live', 'proxied'));
    await feed(publisher, { frames: 5 });
    // The header and the ClientHello come in one packet.
    const proxy = createServer((client) => {
      const server = connectTcp(behind.ports.HTTPS_PORT as number, '127.0.0.1');
      client.once('data', (hello: Buffer) => {
        server.write(Buffer.concat([Buffer.from('PROXY TCP4 203.0.113.7 127.0.0.1 5555 443\r\n'), hello]));
        client.pipe(server).pipe(client);
      });
      for (const one of [client, server]) one.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    const socket = await open((proxy.address() as AddressInfo).port);
    socket.write('GET /live/proxied.flv HTTP/1.0\r\n\r\n');
    let raw = '';
    socket.on('data', (bytes: Buffer) => (raw += bytes.toString('latin1')));
    await until('it plays', () => raw.includes('FLV\x01'));
    await until('the log has the client', () => /"peer":"203\.0\.113\.7:\d+".*play started/.test(behind.log()));
    socket.destroy();
    publisher.close();
    expect((await behind.stop()).code).toBe(0);
  });

  test('does not start with a certificate that cannot be used, and says which file and why', async () => {
    const file = join(dir, 'broken.conf');
    const program = join(import.meta.dirname, '../../dist/srs.mjs');
    const start = async (key: string, cert: string): Promise<string> => {
      writeFileSync(
        file,
        `listen 127.0.0.1:${srs.port + 1}; pid ${dir}/x.pid; srs_log_tank console;
        rtmps { enabled on; listen 127.0.0.1:1; key ${key}; cert ${cert}; } vhost __defaultVhost__ { }`,
      );
      const end = await run(process.execPath, [program, '-c', file], { cwd: dir });
      expect(end.code).toBe(1);
      return end.stdout + end.stderr;
    };
    expect(await start(pairs.first.key, join(dir, 'none.crt'))).toMatch(
      /rtmps: .*none\.crt cannot be read: there is no such file or directory/,
    );
    expect(await start(pairs.second.key, pairs.first.cert)).toMatch(/second\.key is not the private key of/);
    expect(await start(pairs.first.cert, pairs.first.cert)).toMatch(/first\.crt holds no private key in PEM/);
  });

  test('stops cleanly with TLS viewers attached', async () => {
    const player = background('ffmpeg', ['-v', 'error', '-i', https('/live/last.flv'), '-f', 'null', '-']);
    const publisher = await publish(rtmps('last'), { tls: { ca: ca() } });
    const viewer = await view('last');
    let ended = false;
    viewer.socket.on('end', () => (ended = true));
    await feed(publisher, { frames: 5 });
    expect((await srs.stop()).code).toBe(0);
    await until('an orderly end', () => ended);
    await player.stop();
  });
});
