import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { assert, describe, test } from 'vitest';
import { freePort } from '../support/free-port.js';
import { allHooks, confOf, startHooks } from '../support/hook-server.js';
import { withPeers } from '../support/peers.js';
import { RawPeer } from '../support/raw-peer.js';
import { reload } from '../support/reload.js';
import { background, until } from '../support/run.js';
import { type Srs, startSrs } from '../support/srs.js';
import { publish } from '../support/streams.js';
import { feed } from '../support/synthetic.js';

/** The proxy's address towards the server; clients have others. */
const PROXY = '127.0.0.3';
const CLIENT = '127.0.0.2';

const behind = (vhost: string, root = ''): string =>
  confOf(
    `http_remux { enabled on; } publish { normal_timeout 30000; } ${vhost}`,
    `trusted_proxies ${PROXY}; proxy_protocol on; http_server { enabled on; listen HTTP_PORT; }
     http_api { enabled on; listen API_PORT; } ${root}`,
  );

const line = (source: string): Buffer => Buffer.from(`PROXY TCP4 ${source} 127.0.0.1 4711 1935\r\n`);

/** An RTMP client through a proxy that sends `header`. */
async function through(port: number, header: Buffer, from = PROXY): Promise<RawPeer> {
  const peer = await RawPeer.open(port, from);
  peer.write(header);
  await peer.shake();
  peer.connect({ tcUrl: `rtmp://127.0.0.1:${port}/live`, app: 'live' });
  await peer.said('_result NetConnection.Connect.Success');
  return peer;
}

/** Sends these bytes as an HTTP client would. */
async function ask(port: number | undefined, from: string, bytes: string | Buffer) {
  const { socket } = await RawPeer.open(port as number, from);
  let heard = '';
  let closed = false;
  socket.removeAllListeners('data').on('data', (read: Buffer) => (heard += read.toString('latin1')));
  socket.on('close', () => (closed = true));
  socket.write(Buffer.from(bytes));
  await until('an answer or the end', () => closed || heard.includes('\r\n'));
  return { status: heard.split('\r\n')[0] ?? '', close: () => void socket.destroy() };
}

/** The status line of the answer, or '' for a connection that was closed. */
async function http(port: number | undefined, from: string, bytes: string | Buffer): Promise<string> {
  const { status, close } = await ask(port, from, bytes);
  close();
  return status;
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const ips = async (srs: Srs): Promise<string[]> => {
  const reply = await fetch(`http://127.0.0.1:${srs.ports.API_PORT}/api/v1/clients?count=100`);
  const { clients } = (await reply.json()) as { clients: { ip: string }[] };
  return clients.map(({ ip }) => ip).sort();
};

describe('PROXY protocol', () => {
  test('rules, limits, hooks, log and API see the client; a stranger that sends a header is not believed', async () => {
    const hooks = await startHooks();
    const srs = await startSrs({
      config: behind(
        `security { enabled on; allow play ${CLIENT}; allow publish all; } ${allHooks(hooks.url)}`,
        'max_connections_per_address 1;',
      ),
    });
    const player = await through(srs.port, line(CLIENT));
    player.play('s');
    await player.said('onStatus NetStream.Play.Start');
    assert.deepEqual(await ips(srs), [CLIENT]);
    assert.equal(hooks.of('on_play')[0]?.body.ip, CLIENT);
    assert.include(srs.log(), `"peer":"${CLIENT}:4711"`);
    // A second connection of the same client is one too many, one of another client is not.
    const second = await RawPeer.open(srs.port, PROXY);
    second.write(line(CLIENT));
    await second.gone();
    const other = await through(srs.port, line('127.0.0.9'));
    other.play('s');
    await other.said('onStatus NetStream.Play.StreamNotFound');
    // The same header from elsewhere is no RTMP.
    const liar = await RawPeer.open(srs.port, '127.0.0.4');
    liar.write(line(CLIENT));
    await liar.gone();
    await until('the log says why', () => /127\.0\.0\.4[^\n]*RTMP_HANDSHAKE/.test(srs.log()));
    assert.equal(
      await http(srs.ports.HTTP_PORT, '127.0.0.4', `${line(CLIENT)}${get('/')}`),
      'HTTP/1.1 400 Bad Request',
    );
  });

  test('headers that are malformed, slow, too long or missing close that connection only', async () => {
    const srs = await startSrs({ config: behind('') });
    const watching = await through(srs.port, line(CLIENT));
    watching.play('s');
    const publisher = await publish(srs.url('live', 's')); // from this machine, without a header
    await feed(publisher, { frames: 5 });
    await watching.said('video key');

    const slow = await RawPeer.open(srs.port, PROXY);
    slow.write(line(CLIENT).subarray(0, 20));
    // Loopback may do without a header, so what begins like one is held to it only as far as it goes.
    for (const header of [
      'PROXY TCP4 1.2.3 x\r\n',
      `PROXY TCP4 ${'1'.repeat(200)}`,
      '\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff',
    ]) {
      const peer = await RawPeer.open(srs.port, PROXY);
      peer.write(Buffer.from(header, 'latin1'));
      await peer.gone();
    }
    const cut = await RawPeer.open(srs.port, PROXY);
    cut.write(line(CLIENT).subarray(0, 10));
    cut.close();
    // Byte by byte is fine.
    const patient = await RawPeer.open(srs.port, PROXY);
    for (const byte of line(CLIENT)) patient.write(Uint8Array.of(byte));
    await patient.shake();
    const cutOff = /"peer":"127\.0\.0\.3:\d+","code":"CLOSED","why":"[^"]+","refused":1,"msg":"connection refused"/;
    await until('the log has the one that was cut', () => cutOff.test(srs.log()));
    const seen = watching.messages.length;
    await feed(publisher, { frames: 5, start: 1000 });
    await until('the player goes on', () => watching.messages.length > seen + 4);
    assert.isFalse(slow.closed);
    assert.equal((await srs.stop()).code, 0);
  });

  test('reload turns it off and on; who is connected stays', async () => {
    const srs = await startSrs({ config: behind('') });
    const player = await through(srs.port, line(CLIENT));
    const change = async (from: string, to: string) =>
      assert.include(await reload(srs, (text) => text.replace(from, to)), 'configuration reloaded, 1 change');
    await change('proxy_protocol on', 'proxy_protocol off');
    const refused = await RawPeer.open(srs.port, PROXY);
    refused.write(line(CLIENT));
    await refused.gone();
    await change('proxy_protocol off', 'proxy_protocol on');
    await through(srs.port, line(CLIENT));
    await change(`trusted_proxies ${PROXY}`, 'trusted_proxies 10.0.0.0/8');
    const stranger = await RawPeer.open(srs.port, PROXY);
    stranger.write(line(CLIENT));
    await stranger.gone();
    assert.isFalse(player.closed);
  });
});

test('X-Forwarded-For: believed from the proxy alone, by request; the limit per address is the client’s', async () => {
  const hooks = await startHooks();
  const srs = await startSrs({
    config: behind(
      `security { enabled on; allow publish all; allow play ${CLIENT}; } ${allHooks(hooks.url)}`,
      '',
    ).replace('proxy_protocol on;', 'max_connections_per_address 2;'),
  });
  const publisher = await publish(srs.url('live', 's'));
  await feed(publisher, { frames: 5 });
  const port = srs.ports.HTTP_PORT;
  const flv = (forwarded: string) => get('/live/s.flv', `X-Forwarded-For: ${forwarded}\r\n`);
  assert.equal(await http(port, PROXY, flv('127.0.0.9')), 'HTTP/1.1 403 Forbidden');
  assert.equal(await http(port, '127.0.0.4', flv(CLIENT)), 'HTTP/1.1 403 Forbidden');
  assert.equal(await http(port, PROXY, flv(`${CLIENT}, 127.0.0.9`)), 'HTTP/1.1 403 Forbidden');
  await until('the first ones are gone', async () => (await ips(srs)).length === 1);

  const open = await ask(port, PROXY, flv(`127.0.0.9, ${CLIENT}`));
  assert.equal(open.status, 'HTTP/1.1 200 OK');
  assert.deepEqual(await ips(srs), ['127.0.0.1', CLIENT]);
  assert.deepEqual(
    hooks.of('on_play').map(({ body }) => body.ip),
    [CLIENT],
  );
  // The proxy may have any number of connections, this client two.
  const second = await ask(port, PROXY, flv(CLIENT));
  assert.equal(second.status, 'HTTP/1.1 200 OK');
  assert.equal(await http(port, PROXY, flv(CLIENT)), 'HTTP/1.1 429 Too Many Requests');
  const told = `"peer":"${CLIENT}","why":"max_connections_per_address is reached","refused":1,"msg":"connection refused"`;
  await until('the log says why', () => srs.log().includes(told));
  open.close();
  await until('its place is free', async () => (await http(port, PROXY, flv(CLIENT))) === 'HTTP/1.1 200 OK');
  // The API: what a proxy forwards is not from this machine, whoever the proxy is.
  const api = (from: string, headers: string) =>
    http(srs.ports.API_PORT, from, `GET /api/v1/streams HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  assert.equal(await api('127.0.0.1', ''), 'HTTP/1.1 200 OK');
  assert.equal(await api('127.0.0.1', 'X-Forwarded-For: 192.0.2.1\r\n'), 'HTTP/1.1 403 Forbidden');
  assert.equal(await api(PROXY, 'X-Forwarded-For: 192.0.2.1\r\n'), 'HTTP/1.1 403 Forbidden');
});

withPeers('haproxy')('haproxy in front', () => {
  test('send-proxy, send-proxy-v2 with TLVs and health checks, forwardfor', { timeout: 30_000 }, async () => {
    const srs = await startSrs({ config: behind('') });
    const ports = { v1: await freePort(), v2: await freePort(), http: await freePort(), forwarded: await freePort() };
    const { HTTP_PORT } = srs.ports;
    const server = (port: number | undefined, more: string) =>
      `server s 127.0.0.1:${port} source ${PROXY} ${more} check inter 100ms`;
    const conf = `
defaults
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen v1
  bind 127.0.0.1:${ports.v1}
  ${server(srs.port, 'send-proxy')}
listen v2
  bind 127.0.0.1:${ports.v2}
  ${server(srs.port, 'send-proxy-v2 proxy-v2-options unique-id,crc32c')}
listen http
  mode http
  bind 127.0.0.1:${ports.http}
  ${server(HTTP_PORT, 'send-proxy-v2')}
listen forwarded
  mode http
  option forwardfor
  bind 127.0.0.1:${ports.forwarded}
  ${server(HTTP_PORT, 'send-proxy-v2')}
`;
    const file = join(srs.dir, 'haproxy.cfg');
    writeFileSync(file, conf);
    const haproxy = background('haproxy', ['-db', '-f', file]);
    const publisher = await publish(srs.url('live', 's'));
    await feed(publisher, { frames: 5 });
    const players: RawPeer[] = [];
    for (const [name, address] of [
      ['v1', '127.0.0.5'],
      ['v2', '127.0.0.6'],
    ] as const) {
      const player = await until(`haproxy serves ${name}`, () =>
        RawPeer.open(ports[name], address).catch(() => false as const),
      );
      await player.shake();
      player.connect({ tcUrl: 'rtmp://127.0.0.1/live', app: 'live' });
      player.play('s');
      await player.said('onStatus NetStream.Play.Start', 'video key');
      players.push(player);
    }
    const flv = (port: number, localAddress: string) =>
      new Promise<number>((resolve, reject) => {
        request({ port, localAddress, path: '/live/s.flv' }, (response) => {
          response.once('data', () => resolve(response.statusCode ?? 0));
        })
          .on('error', reject)
          .end();
      });
    assert.equal(await flv(ports.http, '127.0.0.7'), 200);
    assert.equal(await flv(ports.forwarded, '127.0.0.8'), 200);
    assert.deepEqual(await ips(srs), ['127.0.0.1', '127.0.0.5', '127.0.0.6', '127.0.0.7', '127.0.0.8']);
    await haproxy.stop();
    for (const player of players) await player.gone();
  });
});
